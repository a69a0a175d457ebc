import type { Collection, Fetch } from '../../collection/collection.ts'
import { didYouMean } from '../../diagnostics/did-you-mean.ts'
import type { Diagnostic, Origin } from '../../diagnostics/diagnostic.ts'
import { finding } from '../../diagnostics/finding.ts'
import type { BackendPolicy } from '../../model/backend.ts'
import type { GatewayListener } from '../../model/gateway.ts'
import type { BackendTls, PeerVerification, SecretReference, TlsSecret } from '../../model/tls.ts'
import { settingsOf } from '../policy.ts'
import type { SecretContent } from '../secrets/secret-use.ts'
import { candidates, secretsNamed, secretValue, valueOf } from '../secrets/secret-value.ts'
import type { Need, SecretsNamed } from '../secrets/secret-value.ts'

/** A Secret that an object names, and what for. */
export interface NeededSecret {
  readonly reference: SecretReference
  readonly need: Need
}

export function secretsOfListener({ serves }: GatewayListener): readonly NeededSecret[] {
  if (serves.kind !== 'https') return []
  const { certificates, clients } = serves.tls
  return [
    ...certificates.flatMap((source): readonly NeededSecret[] =>
      source.kind === 'secret' ? [{ reference: source.secret, need: 'certificate' }] : [],
    ),
    ...trustNeeded(clients?.verification),
  ]
}

export function secretsOfPolicy(policy: BackendPolicy): readonly NeededSecret[] {
  return settingsOf(policy).flatMap(({ tls }): readonly NeededSecret[] =>
    tls === undefined
      ? []
      : [
          ...(tls.certificate?.kind === 'secret'
            ? [{ reference: tls.certificate.secret, need: 'certificate' as const }]
            : []),
          ...trustNeeded(tls.verification),
        ],
  )
}

export function secretsOfBackendTls({ tls }: BackendTls): readonly NeededSecret[] {
  return trustNeeded(tls?.verification)
}

function trustNeeded(verification: PeerVerification | 'none' | undefined): readonly NeededSecret[] {
  if (verification === undefined || verification === 'none' || verification.trust.kind !== 'secret') return []
  return [{ reference: verification.trust.secret, need: 'trust' }]
}

/** Findings about the Secrets that one object names. */
export function secretFindings(
  needed: readonly NeededSecret[],
  secretsByName: Collection<readonly TlsSecret[]>,
  fetch: Fetch,
): readonly Diagnostic[] {
  const names = () => fetch.all(secretsByName).map(([name]) => name)
  return needed.flatMap((each) => neededFindings(each, secretsNamed(secretsByName, fetch), names))
}

/** The Secret is missing or incomplete in every namespace, so it fails for every proxy. */
function neededFindings(
  { reference, need }: NeededSecret,
  named: SecretsNamed,
  names: () => readonly string[],
): readonly Diagnostic[] {
  const { name, origin } = reference
  const found = candidates(need, name, named)
  if (found.some((secret) => valueOf(need, secret) !== undefined)) return []
  const [first] = found
  return [first === undefined ? unknown(name, origin, names()) : incomplete({ need, origin, secret: first })]
}

/**
 * The Secret is not in the namespace of the scope's proxies. Findings that concern every proxy are reported
 * elsewhere.
 */
export function useFindings(content: SecretContent, named: SecretsNamed): readonly Diagnostic[] {
  if (
    (content.kind !== 'certificate' && content.kind !== 'trust') ||
    secretValue(content, named) !== undefined
  )
    return []
  const {
    kind,
    secret: { name, namespace, origin },
  } = content
  const elsewhere = candidates(kind, name, named)
    .filter((secret) => valueOf(kind, secret) !== undefined)
    .map((secret) => secret.namespace)
  if (elsewhere.length === 0) return []
  return [
    finding('tls/unknown-secret', origin, {
      message:
        `there is no such Secret ${name} in namespace ${namespace}, where the proxies are; there ` +
        `is one in ${elsewhere.toSorted().join(', ')}`,
      hint: 'a proxy is given Secrets of its own namespace only: move the Secret',
    }),
  ]
}

function unknown(name: string, origin: Origin, names: readonly string[]): Diagnostic {
  const meant = didYouMean(name, names)
  return finding('tls/unknown-secret', origin, {
    message: `there is no Secret ${name}: connections that need it fail until there is`,
    hint:
      meant === undefined
        ? 'give shadowplane the Secret, too, in the namespace of the proxies'
        : `did you mean ${meant}?`,
  })
}

function incomplete({
  need,
  origin,
  secret,
}: {
  readonly need: Need
  readonly origin: Origin
  readonly secret: TlsSecret
}): Diagnostic {
  const [lacks, hint] =
    need === 'certificate'
      ? ['certificate with its key', 'it needs tls.crt and tls.key, or cert and key']
      : [
          'authority to verify others by',
          'it needs ca.crt or cacert, or a Secret of its name with -cacert behind it',
        ]
  return finding('tls/incomplete-secret', origin, {
    message: `Secret ${secret.namespace}/${secret.name} holds no ${lacks}: connections that need it fail`,
    hint,
  })
}

/** Certificates that are not valid at `now`, in milliseconds since the epoch. */
export function expiredFindings({ validity }: TlsSecret, now: number): readonly Diagnostic[] {
  return validity.flatMap(({ notBefore, notAfter, origin }): readonly Diagnostic[] => {
    if (now > notAfter)
      return [
        finding('tls/expired', origin, {
          message: `a certificate expired on ${new Date(notAfter).toISOString()}`,
          hint: 'renew it',
        }),
      ]
    return now < notBefore
      ? [
          finding('tls/expired', origin, {
            message: `a certificate is not valid before ${new Date(notBefore).toISOString()}`,
          }),
        ]
      : []
  })
}
