import { z } from 'zod'
import type { FieldPath } from '../../diagnostics/diagnostic.ts'
import { decode } from '../../manifest/decode.ts'
import { message, parts } from '../../manifest/message.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import type { BackendPolicy } from '../../model/backend.ts'
import { translated } from '../dialect.ts'
import type { Surroundings, Translated } from '../dialect.ts'
import { portSettings } from './backend-settings.ts'
import { visibilityOf } from './export-to.ts'
import { resolveHost } from './host.ts'
import { noteUnsupported, reportOn } from './report.ts'
import type { Report } from './report.ts'
import { trafficPolicy, unsupportedLoadBalancerFields, unsupportedPolicyFields } from './traffic-policy.ts'
import type { TrafficPolicy } from './traffic-policy.ts'

const subset = message({
  name: z.string().min(1),
  labels: z.record(z.string(), z.string()).optional(),
  trafficPolicy: trafficPolicy.optional(),
})

const spec = message({
  host: z.string().min(1),
  trafficPolicy: trafficPolicy.optional(),
  subsets: parts(subset).optional(),
  exportTo: z.array(z.string()).optional(),
  workloadSelector: z.unknown().optional(),
})

const removableParts = ['subsets.*', 'trafficPolicy.portLevelSettings.*', 'trafficPolicy'] as const

/** A networking.istio.io DestinationRule. */
export function translateDestinationRule(manifest: Manifest, { settings }: Surroundings): Translated {
  const { value, diagnostics, refused } = decode({ manifest, path: ['spec'], schema: spec, parts: removableParts })
  if (value === undefined) return translated({ diagnostics, refused })
  const report = reportOn(manifest)
  noteUnsupported(report, { path: ['spec'], value }, ['workloadSelector'])
  notePolicy(report, ['spec', 'trafficPolicy'], value.trafficPolicy)
  value.subsets?.forEach((each, index) => { notePolicy(report, ['spec', 'subsets', index, 'trafficPolicy'], each?.trafficPolicy) })
  const { namespace, name } = manifest.id
  const policy: BackendPolicy = {
    host: resolveHost(value.host, namespace, settings.domain),
    namespace,
    name,
    visibility: visibilityOf(value.exportTo, namespace),
    created: manifest.created,
    settings: portSettings(value.trafficPolicy, undefined),
    subsets: (value.subsets ?? []).flatMap((each) => each === undefined ? [] : [{
      name: each.name, labels: each.labels ?? {}, settings: portSettings(value.trafficPolicy, each.trafficPolicy),
    }]),
    origin: { object: manifest.id, path: ['spec'] },
  }
  return translated({ policies: [policy], diagnostics: [...diagnostics, ...report.diagnostics], refused })
}

function notePolicy(report: Report, path: FieldPath, policy: TrafficPolicy | undefined): void {
  if (policy === undefined) return
  noteUnsupported(report, { path, value: policy }, unsupportedPolicyFields)
  noteUnsupported(report, { path: [...path, 'loadBalancer'], value: policy.loadBalancer }, unsupportedLoadBalancerFields)
  policy.portLevelSettings?.forEach((each, index) => {
    const at = [...path, 'portLevelSettings', index]
    noteUnsupported(report, { path: at, value: each }, ['tls'])
    noteUnsupported(report, { path: [...at, 'loadBalancer'], value: each?.loadBalancer }, unsupportedLoadBalancerFields)
  })
}
