import { objectName } from '../../../diagnostics/diagnostic.ts'
import type { CertificateSource, DownstreamTls } from '../../../model/tls.ts'
import { translateSecret } from '../../kubernetes/secret.ts'
import { noteUnsupported } from '../../reading/report.ts'
import { clientsOf } from './client-validation.ts'
import type { Listener, SecretObjectReference } from './gateway-spec.ts'
import type { ListenerMistake, ListenerSite } from './listener.ts'
import { secretOf } from './secret-reference.ts'

export interface ListenerTls {
  /** Undefined where the listener cannot be served. */
  readonly tls: DownstreamTls | undefined
  readonly rejected: ListenerMistake | undefined
  readonly unresolved: ListenerMistake | undefined
}

/** ListenerReasonInvalidCertificateRef: until the certificate is there, the listener is not programmed. */
export const invalidCertificate = 'InvalidCertificateRef'

/**
 * TLS that ends at an HTTPS listener. It is served if one certificate may be used, also one whose Secret
 * comes later.
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
  /** Undefined where it may not be used. */
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
  // The diagnostic for one that is absent, or holds no certificate, is made where all Secrets are known.
  const manifest = site.lookup.manifest(found.id)
  const says =
    manifest === undefined
      ? `there is no Secret ${objectName(found.id)}`
      : translateSecret(manifest).secrets.some(({ certificate }) => certificate !== undefined)
        ? undefined
        : `Secret ${objectName(found.id)} holds no certificate with its private key`
  return {
    source: { kind: 'secret', secret: found.secret },
    mistake: says === undefined ? undefined : { reason: invalidCertificate, message: says },
  }
}
