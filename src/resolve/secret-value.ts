import { didYouMean } from '../diagnostics/did-you-mean.ts'
import type { Diagnostic, Origin } from '../diagnostics/diagnostic.ts'
import { finding } from '../diagnostics/finding.ts'
import type { BackendPolicy } from '../model/backend.ts'
import type { GatewayListener } from '../model/gateway.ts'
import type { PeerVerification, SecretReference, TlsSecret } from '../model/tls.ts'
import type { SecretContent } from './secret-use.ts'

/** What a secret holds, for the proxy that is sent it. */
export type SecretValue =
  | { readonly kind: 'certificate'; readonly chain: string; readonly privateKey: string; readonly origin: Origin }
  | { readonly kind: 'trust'; readonly authorities: string; readonly origin: Origin }
  | { readonly kind: 'certificate-files'; readonly certificate: string; readonly privateKey: string }
  | { readonly kind: 'trust-file'; readonly path: string }

/** Secrets of a name, of all namespaces. */
export type SecretsNamed = (name: string) => readonly TlsSecret[]

/** Undefined where the Secret is not there, or lacks what is asked of it. */
export function secretValue(content: SecretContent, named: SecretsNamed): SecretValue | undefined {
  if (content.kind === 'certificate-files' || content.kind === 'trust-file') return content
  const { secret: { namespace, name } } = content
  const within = (each: SecretsNamed): SecretsNamed => (wanted) => each(wanted).filter((secret) => secret.namespace === namespace)
  return candidates(content.kind, name, within(named)).map((secret) => valueOf(content.kind, secret)).find((value) => value !== undefined)
}

/** For authorities, a Secret with the suffix `-cacert` counts before the one that is named. */
function candidates(kind: Need, name: string, named: SecretsNamed): readonly TlsSecret[] {
  return kind === 'certificate' ? named(name) : [...named(`${name}-cacert`), ...named(name)]
}

function valueOf(kind: Need, { certificate, trust, origin }: TlsSecret): SecretValue | undefined {
  if (kind === 'trust') return trust === undefined ? undefined : { kind, authorities: trust, origin }
  return certificate === undefined ? undefined : { kind, ...certificate, origin }
}

type Need = 'certificate' | 'trust'

/** A Secret that an object names, and what for. */
export interface NeededSecret {
  readonly reference: SecretReference
  readonly need: Need
}

export function secretsOfListener({ serves }: GatewayListener): readonly NeededSecret[] {
  if (serves.kind !== 'https') return []
  const { certificates, clients } = serves.tls
  return [
    ...certificates.flatMap((source): readonly NeededSecret[] => source.kind === 'secret' ? [{ reference: source.secret, need: 'certificate' }] : []),
    ...trustNeeded(clients?.verification),
  ]
}

export function secretsOfPolicy({ settings, subsets }: BackendPolicy): readonly NeededSecret[] {
  const all = [settings, ...subsets.map((subset) => subset.settings)].flatMap((each) => [each.all, ...Object.values(each.ports)])
  return all.flatMap(({ tls }): readonly NeededSecret[] => tls === undefined ? [] : [
    ...(tls.certificate?.kind === 'secret' ? [{ reference: tls.certificate.secret, need: 'certificate' as const }] : []),
    ...trustNeeded(tls.verification),
  ])
}

function trustNeeded(verification: PeerVerification | 'none' | undefined): readonly NeededSecret[] {
  if (verification === undefined || verification === 'none' || verification.trust.kind !== 'secret') return []
  return [{ reference: verification.trust.secret, need: 'trust' }]
}

/** What is wrong with a Secret that is named, whatever the proxy: it is in no namespace, or in none that is complete. */
export function neededFindings({ reference, need }: NeededSecret, named: SecretsNamed, names: () => readonly string[]): readonly Diagnostic[] {
  const { name, origin } = reference
  const found = candidates(need, name, named)
  if (found.some((secret) => valueOf(need, secret) !== undefined)) return []
  const [first] = found
  return [first === undefined ? unknown(name, origin, names()) : incomplete({ need, origin, secret: first })]
}

/** What is wrong for the proxies of a scope: the Secret is in another namespace than theirs. What concerns all is said already. */
export function useFindings(content: SecretContent, named: SecretsNamed): readonly Diagnostic[] {
  if ((content.kind !== 'certificate' && content.kind !== 'trust') || secretValue(content, named) !== undefined) return []
  const { kind, secret: { name, namespace, origin } } = content
  const elsewhere = candidates(kind, name, named).filter((secret) => valueOf(kind, secret) !== undefined).map((secret) => secret.namespace)
  if (elsewhere.length === 0) return []
  return [finding('tls/unknown-secret', origin, {
    message: `there is no such Secret ${name} in namespace ${namespace}, where the proxies are; there is one in ${elsewhere.toSorted().join(', ')}`,
    hint: 'a proxy is given Secrets of its own namespace only: move the Secret',
  })]
}

function unknown(name: string, origin: Origin, names: readonly string[]): Diagnostic {
  const meant = didYouMean(name, names)
  return finding('tls/unknown-secret', origin, {
    message: `there is no Secret ${name}: connections that need it fail until there is`,
    hint: meant === undefined ? 'give shadowplane the Secret, too, in the namespace of the proxies' : `did you mean ${meant}?`,
  })
}

function incomplete({ need, origin, secret }: { readonly need: Need; readonly origin: Origin; readonly secret: TlsSecret }): Diagnostic {
  const [lacks, hint] = need === 'certificate'
    ? ['certificate with its key', 'it needs tls.crt and tls.key, or cert and key']
    : ['authority to verify others by', 'it needs ca.crt or cacert, or a Secret of its name with -cacert behind it']
  return finding('tls/incomplete-secret', origin, { message: `Secret ${secret.namespace}/${secret.name} holds no ${lacks}: connections that need it fail`, hint })
}

/** Certificates that do not count at a time, in milliseconds since the epoch. */
export function expiredFindings({ validity }: TlsSecret, now: number): readonly Diagnostic[] {
  return validity.flatMap(({ notBefore, notAfter, origin }): readonly Diagnostic[] => {
    if (now > notAfter) return [finding('tls/expired', origin, { message: `a certificate expired on ${new Date(notAfter).toISOString()}`, hint: 'renew it' })]
    return now < notBefore ? [finding('tls/expired', origin, { message: `a certificate does not count before ${new Date(notBefore).toISOString()}` })] : []
  })
}
