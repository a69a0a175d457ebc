import type { Origin } from '../../../diagnostics/diagnostic.ts'
import type { CertificateSource, SecretReference, TrustSource } from '../../../model/tls.ts'

const scheme = /^kubernetes(-gateway)?:\/\//

/**
 * The Secret of a `credentialName`: `name`, or `kubernetes://name`, optionally with `namespace/` before the
 * name.
 */
export function secretReference(credentialName: string, origin: Origin): SecretReference {
  const path = credentialName.replace(scheme, '')
  const slash = path.indexOf('/')
  return { namespace: slash < 0 ? undefined : path.slice(0, slash), name: path.slice(slash + 1), origin }
}

export function secretCertificate(credentialName: string, origin: Origin): CertificateSource {
  return { kind: 'secret', secret: secretReference(credentialName, origin) }
}

/** A file of authorities; absent or `system`: those of the proxy's system. */
export function trustFile(path: string | undefined): TrustSource {
  return path === undefined || path === '' || path === 'system' ? { kind: 'system' } : { kind: 'file', path }
}
