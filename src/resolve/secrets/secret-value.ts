import type { Collection, Fetch } from '../../collection/collection.ts'
import type { Origin } from '../../diagnostics/diagnostic.ts'
import type { TlsSecret } from '../../model/tls.ts'
import type { SecretContent } from './secret-use.ts'

/** The content of a secret that a proxy receives. */
export type SecretValue =
  | {
      readonly kind: 'certificate'
      readonly chain: string
      readonly privateKey: string
      readonly origin: Origin
    }
  | { readonly kind: 'trust'; readonly authorities: string; readonly origin: Origin }
  | { readonly kind: 'certificate-files'; readonly certificate: string; readonly privateKey: string }
  | { readonly kind: 'trust-file'; readonly path: string }

/** Secrets of a name, of all namespaces. */
export type SecretsNamed = (name: string) => readonly TlsSecret[]

export function secretsNamed(secretsByName: Collection<readonly TlsSecret[]>, fetch: Fetch): SecretsNamed {
  return (name) => fetch(secretsByName, name) ?? []
}

/** Undefined if the Secret does not exist, or lacks the required content. */
export function secretValue(content: SecretContent, named: SecretsNamed): SecretValue | undefined {
  if (content.kind === 'certificate-files' || content.kind === 'trust-file') return content
  const {
    secret: { namespace, name },
  } = content
  const within =
    (each: SecretsNamed): SecretsNamed =>
    (wanted) =>
      each(wanted).filter((secret) => secret.namespace === namespace)
  return candidates(content.kind, name, within(named))
    .map((secret) => valueOf(content.kind, secret))
    .find((value) => value !== undefined)
}

/** The required content of a Secret: a certificate with its key, or authorities that verify others. */
export type Need = 'certificate' | 'trust'

export function candidates(kind: Need, name: string, named: SecretsNamed): readonly TlsSecret[] {
  return candidateNames(kind, name).flatMap((each) => named(each))
}

/** For authorities, a Secret with the suffix `-cacert` takes precedence over the named one. */
export function candidateNames(kind: Need, name: string): readonly string[] {
  return kind === 'certificate' ? [name] : [`${name}-cacert`, name]
}

/** Undefined if the Secret lacks the required content. */
export function valueOf(kind: Need, { certificate, trust, origin }: TlsSecret): SecretValue | undefined {
  if (kind === 'trust') return trust === undefined ? undefined : { kind, authorities: trust, origin }
  return certificate === undefined ? undefined : { kind, ...certificate, origin }
}
