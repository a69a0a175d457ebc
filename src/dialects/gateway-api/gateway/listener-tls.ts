import { objectName } from '../../../diagnostics/diagnostic.ts'
import type { FieldPath, ObjectId } from '../../../diagnostics/diagnostic.ts'
import type { ClientValidation, GatewaySpec, Listener, SecretObjectReference } from './gateway-spec.ts'
import type { ListenerMistake, ListenerSite } from './listener.ts'
import { grantHint, isPermitted } from '../reference-grant.ts'
import { secretReader } from '../../kubernetes/secret.ts'
import { noteUnsupported } from '../../reading/report.ts'
import type { CertificateSource, DownstreamTls, SecretReference } from '../../../model/tls.ts'

export interface ListenerTls {
  /** Undefined if the listener cannot be served. */
  readonly tls: DownstreamTls | undefined
  readonly rejected: ListenerMistake | undefined
  readonly unresolved: ListenerMistake | undefined
}

/** ListenerReasonInvalidCertificateRef: until the certificate is there, the listener is not programmed. */
export const invalidCertificate = 'InvalidCertificateRef'

/**
 * TLS that ends at an HTTPS listener. The listener is served if one certificate is permitted, even if its
 * Secret comes later.
 */
export function listenerTls({ tls, port }: Listener, site: ListenerSite): ListenerTls {
  const { report, path } = site
  noteUnsupported(report, { path: [...path, 'tls'], value: tls }, ['options'])
  const references = tls?.certificateRefs ?? []
  const found = references.map((reference, index) => certificateOf(reference, index, site))
  const usable = found.flatMap(({ source }, index) => (source === undefined ? [] : [{ source, index }]))
  const [first, second] = usable
  const unresolved = found.find(({ mistake }) => mistake !== undefined)?.mistake
  if (second !== undefined) {
    report.note('field/unsupported', [...path, 'tls', 'certificateRefs', second.index], {
      message: 'a listener has one certificate here: the first is used, the others have no effect',
    })
  }
  const { clients, mistake } = clientsOf(port, site)
  const rejected: ListenerMistake | undefined =
    mistake === undefined ? undefined : { reason: 'NoValidCACertificate', message: mistake.message }
  if (first === undefined) {
    const absent: ListenerMistake = { reason: 'InvalidCertificateRef', message: 'it names no certificate' }
    if (references.length === 0)
      report.note('field/required', [...path, 'tls', 'certificateRefs'], {
        message: `certificateRefs is required here: without a certificate port ${port} is not served`,
        hint: 'name a Secret',
      })
    return { tls: undefined, rejected, unresolved: unresolved ?? absent }
  }
  if (rejected !== undefined) return { tls: undefined, rejected, unresolved: unresolved ?? mistake }
  return {
    tls: {
      certificates: [first.source],
      clients,
      minimumVersion: undefined,
      maximumVersion: undefined,
      cipherSuites: [],
      curves: [],
    },
    rejected: undefined,
    unresolved,
  }
}

interface FoundCertificate {
  /** Undefined if it is not permitted. */
  readonly source: CertificateSource | undefined
  readonly mistake: ListenerMistake | undefined
}

function certificateOf(
  reference: SecretObjectReference,
  index: number,
  site: ListenerSite,
): FoundCertificate {
  const found = secretOf(reference, {
    ...site,
    path: [...site.path, 'tls', 'certificateRefs', index],
    otherKind: 'InvalidCertificateRef',
  })
  if ('mistake' in found) return { source: undefined, mistake: found.mistake }
  // The diagnostic for a Secret that is absent, or holds no certificate, is made by a stage that knows all
  // Secrets.
  const manifest = site.lookup.manifest(found.id)
  const says =
    manifest === undefined
      ? `there is no Secret ${objectName(found.id)}`
      : site.lookup.value(secretReader, found.id)?.certificate !== undefined
        ? undefined
        : `Secret ${objectName(found.id)} holds no certificate with its private key`
  return {
    source: { kind: 'secret', secret: found.secret },
    mistake: says === undefined ? undefined : { reason: invalidCertificate, message: says },
  }
}

interface FoundClients {
  readonly clients: DownstreamTls['clients']
  /** Why the authorities cannot be read. */
  readonly mistake: ListenerMistake | undefined
}

/**
 * The certificates that HTTPS listeners of a port require of clients (`spec.tls.frontend`). A listener whose
 * requirement cannot be met is not served: it would admit everyone.
 */
function clientsOf(port: number, site: ListenerSite): FoundClients {
  const found = validationFor(port, site.gateway)
  if (found === undefined) return { clients: undefined, mistake: undefined }
  const { validation, path } = found
  const { report, path: listener } = site
  const [first, ...others] = validation.caCertificateRefs
  if (first === undefined) return { clients: undefined, mistake: undefined }
  const reference = secretOf(first, {
    ...site,
    path: [...path, 'caCertificateRefs', 0],
    otherKind: 'InvalidCACertificateKind',
  })
  if ('mistake' in reference) {
    report.note('gateway/client-validation', [...listener, 'port'], {
      message:
        `clients of port ${port} must show certificates, and the authorities that sign them cannot ` +
        `be read: the listener is not served, as it would let everybody in`,
      hint: 'name a Secret with ca.crt in caCertificateRefs',
    })
    return { clients: undefined, mistake: reference.mistake }
  }
  if (others.length > 0) {
    report.note('field/unsupported', [...path, 'caCertificateRefs', 1], {
      message: 'one Secret of authorities is read: the first is used, the others have no effect',
      hint: 'join them in one ca.crt',
    })
  }
  if (validation.mode === 'AllowInsecureFallback')
    return { clients: { certificate: 'optional', verification: 'none' }, mistake: undefined }
  const verification = {
    trust: { kind: 'secret' as const, secret: reference.secret },
    subjectAltNames: [],
    publicKeyHashes: [],
    certificateHashes: [],
  }
  return { clients: { certificate: 'required', verification }, mistake: undefined }
}

interface FoundValidation {
  readonly validation: ClientValidation
  readonly path: readonly (string | number)[]
}

/** The validation of the port, otherwise the Gateway's default. */
function validationFor(port: number, { tls }: GatewaySpec): FoundValidation | undefined {
  const frontend = tls?.frontend
  const index = (frontend?.perPort ?? []).findIndex((each) => each.port === port)
  const ofPort = frontend?.perPort?.[index]
  const validation = ofPort === undefined ? frontend?.default.validation : ofPort.tls.validation
  const path = [
    'spec',
    'tls',
    'frontend',
    ...(ofPort === undefined ? ['default'] : ['perPort', index, 'tls']),
    'validation',
  ]
  return validation === undefined ? undefined : { validation, path }
}

type FoundSecret =
  { readonly secret: SecretReference; readonly id: ObjectId } | { readonly mistake: ListenerMistake }

interface SecretPlace extends Pick<ListenerSite, 'report' | 'lookup'> {
  /** Path of the reference. */
  readonly path: FieldPath
  /** Reason of ResolvedRefs for a reference to something else. */
  readonly otherKind: 'InvalidCertificateRef' | 'InvalidCACertificateKind'
}

/** The Secret that a reference of a Gateway names. */
function secretOf(
  reference: SecretObjectReference,
  { report, path, lookup, otherKind }: SecretPlace,
): FoundSecret {
  const from = report.manifest.id
  const id: ObjectId = {
    group: reference.group,
    kind: reference.kind,
    namespace: reference.namespace ?? from.namespace,
    name: reference.name,
  }
  if (id.group !== '' || id.kind !== 'Secret') {
    report.note('reference/invalid-kind', [...path, id.kind === 'Secret' ? 'group' : 'kind'], {
      message:
        `nothing here reads certificates of ${id.kind} of ` +
        `${id.group === '' ? 'the core group' : id.group} (ResolvedRefs is False, ${otherKind})`,
      hint: 'name a Secret',
    })
    return { mistake: { reason: otherKind, message: `${id.kind} ${objectName(id)} is no Secret` } }
  }
  if (!isPermitted(from, id, lookup)) {
    report.note('reference/not-permitted', [...path, 'namespace'], {
      message:
        `no ReferenceGrant permits the reference to Secret ${objectName(id)}: it is not used ` +
        `(ResolvedRefs is False, RefNotPermitted)`,
      hint: grantHint(from, id),
    })
    return {
      mistake: {
        reason: 'RefNotPermitted',
        message: `no ReferenceGrant permits the reference to Secret ${objectName(id)}`,
      },
    }
  }
  const origin = { object: from, path: [...path, 'name'] }
  return {
    id,
    secret: {
      namespace: id.namespace,
      name: id.name,
      origin,
      ...(id.namespace === from.namespace ? {} : { permitted: true }),
    },
  }
}
