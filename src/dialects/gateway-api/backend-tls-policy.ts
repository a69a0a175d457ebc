import { z } from 'zod'
import type { FieldPath } from '../../diagnostics/diagnostic.ts'
import { decode } from '../../manifest/decode.ts'
import { message, parts } from '../../manifest/message.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import type { BackendTls, UpstreamTls } from '../../model/tls.ts'
import { objectsAt, specOf, textAt } from '../attached-policy.ts'
import { oneLine } from '../constraint.ts'
import { translated } from '../dialect.ts'
import type { Surroundings, Translated } from '../dialect.ts'
import { serviceHost } from '../kubernetes/host.ts'
import { reportOn } from '../report.ts'
import type { Report } from '../report.ts'
import { group, hostname, kind, objectName, sectionName } from './constraint.ts'

const certificateReference = message({ group: group.default(''), kind, name: objectName })

const subjectAltName = message({ type: z.enum(['Hostname', 'URI']), hostname: hostname.optional(), uri: oneLine.optional() })

const validation = message({
  caCertificateRefs: z.array(certificateReference).max(8).optional(),
  wellKnownCACertificates: oneLine.optional(),
  hostname,
  subjectAltNames: z.array(subjectAltName).max(5).optional(),
}).superRefine(({ caCertificateRefs = [], wellKnownCACertificates }, context) => {
  if ((caCertificateRefs.length > 0) === (wellKnownCACertificates !== undefined && wellKnownCACertificates !== '')) {
    context.addIssue({ code: 'custom', message: 'must have either caCertificateRefs or wellKnownCACertificates' })
  }
})

const spec = message({
  targetRefs: parts(message({ group, kind, name: objectName, sectionName: sectionName.optional() })),
  validation,
  options: z.record(z.string(), z.unknown()).optional(),
})

type Validation = z.infer<typeof validation>

/**
 * The Gateway API's BackendTLSPolicy. A policy that cannot be followed, or not be read, still demands TLS of its targets: nothing is sent
 * to them then. https://gateway-api.sigs.k8s.io/geps/gep-1897/
 */
export function translateBackendTlsPolicy(manifest: Manifest, surroundings: Surroundings): Translated {
  const { id, created } = manifest
  const { value, diagnostics, refused } = decode({ manifest, path: ['spec'], schema: spec, parts: ['targetRefs.*'] })
  const report = reportOn(manifest)
  if (value?.options !== undefined) report.note('field/unsupported', ['spec', 'options'], { message: 'options is not supported, it has no effect' })
  const tls = value === undefined ? undefined : tlsOf(value.validation, report)
  noteOtherTargets(value?.targetRefs ?? [], report)
  const backendTls = targetsOf(manifest).flatMap(({ name, portName, path }): readonly BackendTls[] => {
    const service = { group: '', kind: 'Service', namespace: id.namespace, name }
    if (surroundings.manifest(service) === undefined) {
      report.note('policy/unknown-host', [...path, 'name'], { message: `there is no Service ${id.namespace}/${name}, so the policy has no effect for it` })
    }
    return [{ host: serviceHost(name, id.namespace, surroundings.settings.domain), portName, tls, created, origin: { object: id, path } }]
  })
  return translated({ backendTls, diagnostics: [...diagnostics, ...report.diagnostics], refused })
}

function noteOtherTargets(references: z.infer<typeof spec>['targetRefs'], report: Report): void {
  references.forEach((reference, index) => {
    if (reference === undefined || isService(reference)) return
    report.note('reference/invalid-kind', ['spec', 'targetRefs', index, 'kind'], {
      message: `the policy is followed for Services only, so ${reference.kind} ${reference.name} may be sent plain text`, hint: 'name a Service',
    })
  })
}

function isService(reference: { readonly group: string; readonly kind: string }): boolean {
  return reference.group === '' && reference.kind === 'Service'
}

interface Target {
  readonly name: string
  readonly portName: string | undefined
  readonly path: FieldPath
}

/** Read without the schema, so that a mistake elsewhere in the policy does not let plain text through. */
function targetsOf(manifest: Manifest): readonly Target[] {
  return objectsAt(specOf(manifest), 'targetRefs').flatMap((reference, index): readonly Target[] => {
    const name = textAt(reference, 'name')
    const target = { group: textAt(reference, 'group') ?? '', kind: textAt(reference, 'kind') ?? '' }
    if (name === undefined || !isService(target)) return []
    return [{ name, portName: textAt(reference, 'sectionName'), path: ['spec', 'targetRefs', index] }]
  })
}

/** Undefined where the authorities cannot be had. */
function tlsOf({ caCertificateRefs = [], wellKnownCACertificates, hostname: serverName, subjectAltNames = [] }: Validation, report: Report): UpstreamTls | undefined {
  const path = ['spec', 'validation']
  const unusable = (at: FieldPath, text: string, hint: string): undefined => {
    report.note('tls/unusable-policy', at, { message: `${text}: requests to the targets are answered with an error, mirrors to them are dropped`, hint })
  }
  const [reference, ...others] = caCertificateRefs
  if (reference === undefined && wellKnownCACertificates !== 'System') {
    return unusable([...path, 'wellKnownCACertificates'], `wellKnownCACertificates is ${wellKnownCACertificates ?? 'absent'}, and only System is supported`, 'write System, or name a Secret in caCertificateRefs')
  }
  if (others.length > 0) return unusable([...path, 'caCertificateRefs', 1], 'several caCertificateRefs are not supported', 'join the authorities in the ca.crt of one Secret')
  if (reference !== undefined && (reference.group !== '' || reference.kind !== 'Secret')) {
    return unusable([...path, 'caCertificateRefs', 0, 'kind'], `authorities in a ${reference.kind} are not supported`, 'write them into the ca.crt of a Secret, and name it with kind: Secret')
  }
  const { namespace } = report.manifest.id
  const origin = { object: report.manifest.id, path: [...path, 'caCertificateRefs', 0, 'name'] }
  const names = subjectAltNames.flatMap((each) => (each.type === 'URI' ? each.uri : each.hostname) ?? [])
  return {
    certificate: undefined,
    verification: {
      trust: reference === undefined ? { kind: 'system' } : { kind: 'secret', secret: { namespace, name: reference.name, permitted: true, origin } },
      subjectAltNames: names.length === 0 ? [serverName] : names,
      publicKeyHashes: [],
      certificateHashes: [],
    },
    sni: serverName,
    appliesTo: 'all',
  }
}
