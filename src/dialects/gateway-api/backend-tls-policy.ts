import { z } from 'zod'
import type { FieldPath, ObjectId } from '../../diagnostics/diagnostic.ts'
import { decode } from '../../manifest/decode.ts'
import { message, parts } from '../../manifest/message.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import { objectHost } from '../../model/names.ts'
import type { BackendTls, UpstreamTls } from '../../model/tls.ts'
import { objectsAt, specOf, textAt } from '../reading/attached-policy.ts'
import { oneLine } from '../reading/constraint.ts'
import { translated } from '../dialect.ts'
import type { ObjectLookup, Translated } from '../dialect.ts'
import { serviceHost } from '../kubernetes/host.ts'
import { reportOn } from '../reading/report.ts'
import type { Report } from '../reading/report.ts'
import { group, hostname, kind, objectName, sectionName } from './constraint.ts'

const certificateReference = message({ group: group.default(''), kind, name: objectName })

const subjectAltName = message({
  type: z.enum(['Hostname', 'URI']),
  hostname: hostname.optional(),
  uri: oneLine.optional(),
})

const validation = message({
  caCertificateRefs: z.array(certificateReference).max(8).optional(),
  wellKnownCACertificates: oneLine.optional(),
  hostname,
  subjectAltNames: z.array(subjectAltName).max(5).optional(),
}).superRefine(({ caCertificateRefs = [], wellKnownCACertificates }, context) => {
  if (
    caCertificateRefs.length > 0 ===
    (wellKnownCACertificates !== undefined && wellKnownCACertificates !== '')
  ) {
    context.addIssue({
      code: 'custom',
      message: 'must have either caCertificateRefs or wellKnownCACertificates',
    })
  }
})

const spec = message({
  targetRefs: parts(message({ group, kind, name: objectName, sectionName: sectionName.optional() })),
  validation,
  options: z.record(z.string(), z.unknown()).optional(),
})

type Validation = z.infer<typeof validation>

/** Versions whose fields are not read. They still demand TLS for their targets. */
export const unreadPolicyVersions = ['v1alpha2', 'v1beta1'] as const

const consequence = 'requests to the targets are answered with an error, mirrors to them are dropped'

/**
 * The Gateway API's BackendTLSPolicy. A policy that cannot be followed, or not be read, still demands TLS of
 * its targets: nothing is sent to them then. https://gateway-api.sigs.k8s.io/geps/gep-1897/
 */
export function translateBackendTlsPolicy(manifest: Manifest, lookup: ObjectLookup): Translated {
  if (unreadPolicyVersions.some((version) => manifest.apiVersion.endsWith(`/${version}`)))
    return unreadVersion(manifest, lookup)
  const { value, diagnostics, rejected } = decode({
    manifest,
    path: ['spec'],
    schema: spec,
    parts: ['targetRefs.*'],
  })
  const report = reportOn(manifest)
  if (value?.options !== undefined)
    report.note('field/unsupported', ['spec', 'options'], {
      message: 'options is not supported, it has no effect',
    })
  const tls = value === undefined ? undefined : tlsOf(value.validation, report)
  const backendTls = targetsOf(manifest).flatMap((target) => demandsOn(target, { tls }, { report, lookup }))
  return translated({ backendTls, diagnostics: [...diagnostics, ...report.diagnostics], rejected })
}

function unreadVersion(manifest: Manifest, lookup: ObjectLookup): Translated {
  const report = reportOn(manifest)
  report.note('tls/unusable-policy', ['apiVersion'], {
    message: `${manifest.apiVersion} is not read: without TLS of their own settings, ${consequence}`,
    hint: 'write apiVersion: gateway.networking.k8s.io/v1',
  })
  const demand = { tls: undefined, satisfiedBy: 'own-tls' } as const
  const backendTls = targetsOf(manifest).flatMap((target) => demandsOn(target, demand, { report, lookup }))
  return translated({ backendTls, diagnostics: report.diagnostics })
}

interface Target {
  readonly id: ObjectId
  readonly portName: string | undefined
  readonly path: FieldPath
}

/**
 * Read without the schema, so that a mistake elsewhere in the policy does not let plain text through.
 * `targetRef` is the field of v1alpha2; a reference without a kind is for a Service.
 */
function targetsOf(manifest: Manifest): readonly Target[] {
  const { namespace } = manifest.id
  return (['targetRef', 'targetRefs'] as const).flatMap((field) => {
    const isList = Array.isArray(specOf(manifest)[field])
    return objectsAt(specOf(manifest), field).flatMap((reference, index): readonly Target[] => {
      const name = textAt(reference, 'name')
      if (name === undefined || (textAt(reference, 'namespace') ?? namespace) !== namespace) return []
      const ofKind = textAt(reference, 'kind') ?? 'Service'
      const id = {
        group: ofKind === 'ServiceEntry' ? serviceEntryGroup : (textAt(reference, 'group') ?? ''),
        kind: ofKind,
        namespace,
        name,
      }
      return [
        { id, portName: textAt(reference, 'sectionName'), path: ['spec', field, ...(isList ? [index] : [])] },
      ]
    })
  })
}

const serviceEntryGroup = 'networking.istio.io'

interface DemandSite {
  readonly report: Report
  readonly lookup: ObjectLookup
}

/**
 * The policy's demand for one target. It is followed only for Services; nothing is sent to another target in
 * plain text.
 */
function demandsOn(
  { id, portName, path }: Target,
  demand: Pick<BackendTls, 'tls' | 'satisfiedBy'>,
  { report, lookup }: DemandSite,
): readonly BackendTls[] {
  const { id: policy, created } = report.manifest
  const found = lookup.manifest(id)
  const common = { portName, created, origin: { object: policy, path } }
  const isService = id.group === '' && id.kind === 'Service'
  if (!isService && !lookup.isClaimed(id)) {
    report.note('reference/invalid-kind', [...path, 'kind'], {
      message: `nothing here reads ${id.kind} ${id.name}, so the policy has no effect for it`,
      hint: 'name a Service',
    })
    return []
  }
  if (found === undefined) {
    report.note('policy/unknown-host', [...path, 'name'], {
      message: `there is no ${id.kind} ${id.namespace}/${id.name}, so the policy has no effect for it`,
    })
  }
  if (isService)
    return [{ ...common, ...demand, host: serviceHost(id.name, id.namespace, lookup.settings.domain) }]
  const isUnread = demand.tls === undefined && demand.satisfiedBy !== undefined
  if (!isUnread)
    report.note('tls/unusable-policy', [...path, 'kind'], {
      message:
        `the policy is followed for Services only, not for ${id.kind} ${id.name}: without TLS of ` +
        `its own settings, requests to it are answered with an error, mirrors to it are dropped`,
      hint:
        id.kind === 'ServiceEntry'
          ? 'write the TLS into a DestinationRule for its hosts, and take it out of the policy'
          : 'name a Service',
    })
  return hostsOf(id, found).map((host) => ({
    ...common,
    host,
    target: id,
    tls: undefined,
    satisfiedBy: 'own-tls' as const,
  }))
}

function hostsOf(id: ObjectId, found: Manifest | undefined): readonly string[] {
  if (id.kind !== 'ServiceEntry') return [objectHost(id)]
  const hosts = found === undefined ? [] : specOf(found)['hosts']
  return Array.isArray(hosts)
    ? hosts.flatMap((host: unknown) => (typeof host === 'string' ? [host.toLowerCase()] : []))
    : []
}

/** Undefined if the authorities are not available. */
function tlsOf(
  { caCertificateRefs = [], wellKnownCACertificates, hostname: serverName, subjectAltNames = [] }: Validation,
  report: Report,
): UpstreamTls | undefined {
  const path = ['spec', 'validation']
  const unusable = (at: FieldPath, text: string, hint: string): undefined => {
    report.note('tls/unusable-policy', at, { message: `${text}: ${consequence}`, hint })
  }
  const [reference, ...others] = caCertificateRefs
  if (reference === undefined && wellKnownCACertificates !== 'System') {
    return unusable(
      [...path, 'wellKnownCACertificates'],
      `wellKnownCACertificates is ${wellKnownCACertificates ?? 'absent'}, and only System is supported`,
      'write System, or name a Secret in caCertificateRefs',
    )
  }
  if (others.length > 0)
    return unusable(
      [...path, 'caCertificateRefs', 1],
      'several caCertificateRefs are not supported',
      'join the authorities in the ca.crt of one Secret',
    )
  if (reference !== undefined && (reference.group !== '' || reference.kind !== 'Secret')) {
    return unusable(
      [...path, 'caCertificateRefs', 0, 'kind'],
      `authorities in a ${reference.kind} are not supported`,
      'write them into the ca.crt of a Secret, and name it with kind: Secret',
    )
  }
  const { namespace } = report.manifest.id
  const origin = { object: report.manifest.id, path: [...path, 'caCertificateRefs', 0, 'name'] }
  const names = subjectAltNames.flatMap((each) => (each.type === 'URI' ? each.uri : each.hostname) ?? [])
  return {
    certificate: undefined,
    verification: {
      trust:
        reference === undefined
          ? { kind: 'system' }
          : { kind: 'secret', secret: { namespace, name: reference.name, permitted: true, origin } },
      subjectAltNames: names.length === 0 ? [serverName] : names,
      publicKeyHashes: [],
      certificateHashes: [],
    },
    sni: serverName,
    appliesTo: 'all',
  }
}
