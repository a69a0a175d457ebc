import { z } from 'zod'
import type { FieldPath } from '../../../diagnostics/diagnostic.ts'
import { translated } from '../../dialect.ts'
import type { ObjectLookup, Read, Reader, ReadObject, Translated } from '../../dialect.ts'
import { portSettings } from './backend-settings.ts'
import { noteClientTls, upstreamTls } from './client-tls.ts'
import type { PlacedTls } from './client-tls.ts'
import {
  removableBlocks,
  trafficPolicy,
  unsupportedLoadBalancerFields,
  unsupportedOutlierFields,
  unsupportedPolicyFields,
} from './traffic-policy.ts'
import type { PolicyBlocks, TrafficPolicy } from './traffic-policy.ts'
import { exportTo, visibilityOf } from '../export-to.ts'
import { resolveHost } from '../host.ts'
import { hostPattern } from '../../reading/constraint.ts'
import { noteUnsupported, reportOn } from '../../reading/report.ts'
import type { Report } from '../../reading/report.ts'
import { decode } from '../../../manifest/decode.ts'
import { camelCase } from '../../../manifest/field-name.ts'
import type { Json, Manifest } from '../../../manifest/manifest.ts'
import { message, parts } from '../../../manifest/message.ts'
import type { BackendPolicy } from '../../../model/backend.ts'

const subset = message({
  name: z.string().min(1),
  labels: z.record(z.string(), z.string()).optional(),
  trafficPolicy: trafficPolicy.optional(),
})

const spec = message({
  host: hostPattern,
  trafficPolicy: trafficPolicy.optional(),
  subsets: parts(subset).optional(),
  exportTo: exportTo.optional(),
  workloadSelector: z.unknown().optional(),
})

type Spec = z.infer<typeof spec>

const removableParts = [
  'subsets.*',
  'exportTo',
  ...['trafficPolicy', 'subsets.*.trafficPolicy']
    .flatMap((policy) => [policy, `${policy}.portLevelSettings.*`])
    .flatMap((policy) => [policy, ...removableBlocks.map((block) => `${policy}.${block}`)]),
]

/** A networking.istio.io DestinationRule. */
export const destinationRuleReader: Reader<Spec> = {
  read: readDestinationRule,
  translate: translateDestinationRule,
}

function readDestinationRule(manifest: Manifest): Read<Spec> {
  const decoded = decode({ manifest, path: ['spec'], schema: spec, parts: removableParts })
  const { value } = decoded
  if (value === undefined) return decoded
  const report = reportOn(manifest)
  noteUnsupported(report, { path: ['spec'], value }, ['workloadSelector'])
  noteRepeatedSubsets(report, value.subsets ?? [])
  noteDeprecatedSettings(report)
  notePolicy(report, ['spec', 'trafficPolicy'], value.trafficPolicy)
  value.subsets?.forEach((each, index) => {
    notePolicy(report, ['spec', 'subsets', index, 'trafficPolicy'], each?.trafficPolicy)
  })
  placedTls(value, manifest).forEach((each) => {
    noteClientTls(report, each)
  })
  return { ...decoded, diagnostics: [...decoded.diagnostics, ...report.diagnostics] }
}

function translateDestinationRule(
  { manifest, value }: ReadObject<Spec>,
  { settings }: ObjectLookup,
): Translated {
  const tls = placedTls(value, manifest)
  const upstream = new Map(tls.map((each) => [each.value, upstreamTls(each)]))
  const { namespace, name } = manifest.id
  const policy: BackendPolicy = {
    host: resolveHost(value.host, namespace, settings.domain),
    namespace,
    name,
    visibility: visibilityOf(value.exportTo, namespace, settings.defaultExport.policies),
    created: manifest.created,
    settings: portSettings(value.trafficPolicy, undefined, (each) => upstream.get(each)),
    subsets: (value.subsets ?? []).flatMap((each) =>
      each === undefined
        ? []
        : [
            {
              name: each.name,
              labels: each.labels ?? {},
              settings: portSettings(value.trafficPolicy, each.trafficPolicy, (block) => upstream.get(block)),
            },
          ],
    ),
    origin: { object: manifest.id, path: ['spec'] },
  }
  return translated({ policies: [policy] })
}

/** All TLS settings of the rule, at every level. */
function placedTls(
  { trafficPolicy: policy, subsets = [], workloadSelector }: Spec,
  { id: object }: Manifest,
): readonly PlacedTls[] {
  const at = (tls: TrafficPolicy['tls'], path: FieldPath): readonly PlacedTls[] =>
    tls === undefined
      ? []
      : [
          {
            value: tls,
            origin: { object, path: [...path, 'tls'] },
            selectsProxies: workloadSelector !== undefined,
          },
        ]
  const within = (each: TrafficPolicy | undefined, path: FieldPath): readonly PlacedTls[] => [
    ...at(each?.tls, path),
    ...(each?.portLevelSettings ?? []).flatMap((port, index) =>
      at(port?.tls, [...path, 'portLevelSettings', index]),
    ),
  ]
  return [
    ...within(policy, ['spec', 'trafficPolicy']),
    ...subsets.flatMap((each, index) =>
      within(each?.trafficPolicy, ['spec', 'subsets', index, 'trafficPolicy']),
    ),
  ]
}

function notePolicy(report: Report, path: FieldPath, policy: TrafficPolicy | undefined): void {
  if (policy === undefined) return
  noteUnsupported(report, { path, value: policy }, unsupportedPolicyFields)
  noteBlocks(report, path, policy)
  policy.portLevelSettings?.forEach((each, index) => {
    noteBlocks(report, [...path, 'portLevelSettings', index], each)
  })
}

function noteBlocks(report: Report, path: FieldPath, blocks: PolicyBlocks | undefined): void {
  noteUnsupported(
    report,
    { path: [...path, 'loadBalancer'], value: blocks?.loadBalancer },
    unsupportedLoadBalancerFields,
  )
  noteUnsupported(
    report,
    { path: [...path, 'outlierDetection'], value: blocks?.outlierDetection },
    unsupportedOutlierFields,
  )
}

/** Notes a subset whose name is a repetition: the first one is used. */
function noteRepeatedSubsets(
  report: Report,
  subsets: readonly ({ readonly name: string } | undefined)[],
): void {
  subsets.forEach((repeated, index) => {
    const first = subsets.findIndex((each) => each?.name === repeated?.name)
    if (repeated === undefined || first === index) return
    report.note('policy/duplicate-subset', ['spec', 'subsets', index, 'name'], {
      message: `subset ${repeated.name} is defined by subsets[${first}] already, so this one has no effect`,
      hint: 'remove one of the two, or give it a name of its own',
    })
  })
}

interface Deprecated {
  /** The field, and its parent field. */
  readonly field: readonly [parent: string, name: string]
  /** Absent: any value. */
  readonly value?: string
  readonly instead: string
  /** Istio reads it no more. */
  readonly ignored?: true
}

/** Fields of a TrafficPolicy that Istio's API calls deprecated. */
const deprecated: readonly Deprecated[] = [
  {
    field: ['outlierDetection', 'consecutiveErrors'],
    instead: 'consecutive5xxErrors or consecutiveGatewayErrors',
    ignored: true,
  },
  { field: ['consistentHash', 'minimumRingSize'], instead: 'ringHash: {minimumRingSize: …}' },
  { field: ['loadBalancer', 'warmupDurationSecs'], instead: 'warmup: {duration: …}' },
  { field: ['loadBalancer', 'simple'], value: 'LEAST_CONN', instead: 'LEAST_REQUEST' },
]

/** Notes each deprecated setting of a DestinationRule, at every level. */
function noteDeprecatedSettings(report: Report): void {
  visit(['spec'], report.manifest.object['spec'] ?? null, (path, value) => {
    const [parent, name] = path.slice(-2).map((step) => camelCase(String(step)))
    const found = deprecated.find(
      ({ field, value: only }) => field[0] === parent && field[1] === name && (only ?? value) === value,
    )
    if (found === undefined) return
    const subject = found.value === undefined ? name : `${name}: ${found.value}`
    report.note('field/deprecated', path, {
      message: `${subject} is deprecated${found.ignored === true ? ', and has no effect' : ''}`,
      hint: `write ${found.instead}`,
    })
  })
}

function visit(path: FieldPath, value: Json, see: (path: FieldPath, value: Json) => void): void {
  see(path, value)
  if (value === null || typeof value !== 'object') return
  for (const [key, each] of Object.entries(value))
    visit([...path, Array.isArray(value) ? Number(key) : key], each, see)
}
