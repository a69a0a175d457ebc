import type { Authenticate, Denial, Principal, ShownCertificate } from '../server/authentication.ts'
import { parseSpiffeId, urisOf } from './spiffe.ts'

/** Lets in whoever has a certificate of the authority, as whichever proxy it says it is. */
export const anyCertificate: Authenticate = async ({ certificate }) => {
  const found = trusted(certificate)
  return 'reason' in found ? found : { name: found.subject.replaceAll('\n', ', '), namespace: undefined }
}

/**
 * Lets in the ServiceAccounts that certificates of this trust domain name, each as a proxy of its namespace.
 */
export function byCertificate(trustDomain: string): Authenticate {
  return async ({ certificate }) => {
    const found = trusted(certificate)
    return 'reason' in found ? found : principalOf(urisOf(found), trustDomain)
  }
}

function principalOf(uris: readonly string[], trustDomain: string): Principal | Denial {
  const [uri, ...others] = uris
  // "An X.509 SVID MUST contain exactly one URI SAN" (SPIFFE X509-SVID, section 2).
  if (uri === undefined || others.length > 0)
    return denied(
      `the client certificate has ${uris.length === 0 ? 'no URI' : `${uris.length} URIs`} among its ` +
        `names: it needs exactly one, spiffe://${trustDomain}/ns/NAMESPACE/sa/ACCOUNT`,
    )
  const id = parseSpiffeId(uri)
  if (id === undefined)
    return denied(
      `the client certificate names ${uri}: write spiffe://${trustDomain}/ns/NAMESPACE/sa/ACCOUNT`,
    )
  if (id.trustDomain !== trustDomain)
    return denied(
      `the client certificate names ${uri}, which is of another trust domain than ${trustDomain} ` +
        `(--trust-domain)`,
    )
  return { name: id.text, namespace: id.namespace }
}

function trusted(
  shown: ShownCertificate,
): Extract<ShownCertificate, { kind: 'trusted' }>['certificate'] | Denial {
  switch (shown.kind) {
    case 'trusted':
      return shown.certificate
    case 'untrusted':
      return denied(
        `the client certificate (${shown.subject}) was issued by none of the authorities in ` +
          `--xds-client-ca: ${shown.because}`,
      )
    case 'none':
      return denied(
        'no client certificate was shown: give Envoy one, as "shadowplane bootstrap --client-cert FILE ' +
          '--client-key FILE" does',
      )
  }
}

function denied(reason: string): Denial {
  return { code: 'UNAUTHENTICATED', reason }
}
