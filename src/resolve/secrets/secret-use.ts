import type { Origin } from '../../diagnostics/diagnostic.ts'
import type {
  CertificateSource,
  DownstreamTls,
  PeerVerification,
  SecretReference,
  TrustSource,
  UpstreamTls,
} from '../../model/tls.ts'
import type { Scope } from '../../xds/scope.ts'

/** A secret that a listener or cluster refers to by name, and its required content. */
export interface SecretUse {
  /**
   * In Istio's form: `kubernetes://shop-cert`, `kubernetes://shop-cert-cacert`,
   * `file-root:/etc/certs/ca.pem`.
   */
  readonly name: string
  readonly content: SecretContent
}

export type SecretContent =
  | { readonly kind: 'certificate' | 'trust'; readonly secret: FoundReference }
  | { readonly kind: 'certificate-files'; readonly certificate: string; readonly privateKey: string }
  | { readonly kind: 'trust-file'; readonly path: string }

/** A reference, and the namespace in which a proxy of the scope has it looked up. */
export interface FoundReference extends Omit<SecretReference, 'namespace'> {
  readonly namespace: string
}

export interface ResolvedVerification extends Omit<PeerVerification, 'trust'> {
  readonly trust: SecretUse
}

export interface ResolvedUpstreamTls extends Pick<UpstreamTls, 'sni'> {
  readonly certificate: SecretUse | undefined
  readonly verification: ResolvedVerification | 'none'
}

export interface ResolvedDownstreamTls extends Omit<DownstreamTls, 'certificates' | 'clients'> {
  readonly certificates: readonly SecretUse[]
  readonly clients:
    | { readonly certificate: 'required' | 'optional'; readonly verification: ResolvedVerification | 'none' }
    | undefined
}

/**
 * TLS to a backend as the proxies of a scope do it; gRPC clients know no certificates by name, and connect
 * without.
 */
export function resolveUpstreamTls(
  tls: UpstreamTls | undefined,
  scope: Scope,
): ResolvedUpstreamTls | undefined {
  if (
    tls === undefined ||
    scope.role === 'grpc' ||
    (tls.appliesTo === 'gateways' && scope.role !== 'gateway')
  )
    return undefined
  return {
    certificate: tls.certificate === undefined ? undefined : certificateUse(tls.certificate, scope),
    verification: resolveVerification(tls.verification, scope),
    sni: tls.sni,
  }
}

export function resolveDownstreamTls(tls: DownstreamTls, scope: Scope): ResolvedDownstreamTls {
  const { certificates, clients } = tls
  return {
    ...tls,
    certificates: certificates.map((source) => certificateUse(source, scope)),
    clients:
      clients === undefined
        ? undefined
        : {
            certificate: clients.certificate,
            verification: resolveVerification(clients.verification, scope),
          },
  }
}

export function upstreamSecrets(tls: ResolvedUpstreamTls | undefined): readonly SecretUse[] {
  return tls === undefined
    ? []
    : [...(tls.certificate === undefined ? [] : [tls.certificate]), ...trustOf(tls.verification)]
}

export function downstreamSecrets({ certificates, clients }: ResolvedDownstreamTls): readonly SecretUse[] {
  return [...certificates, ...(clients === undefined ? [] : trustOf(clients.verification))]
}

/** The field that names the Secret; empty for files. */
export function originOf({ content }: SecretUse): readonly Origin[] {
  return 'secret' in content ? [content.secret.origin] : []
}

function trustOf(verification: ResolvedVerification | 'none'): readonly SecretUse[] {
  return verification === 'none' ? [] : [verification.trust]
}

function resolveVerification(
  verification: PeerVerification | 'none',
  scope: Scope,
): ResolvedVerification | 'none' {
  return verification === 'none' ? 'none' : { ...verification, trust: trustUse(verification.trust, scope) }
}

function certificateUse(source: CertificateSource, scope: Scope): SecretUse {
  if (source.kind === 'secret') {
    const secret = foundReference(source.secret, scope)
    return { name: secretName(secret, scope), content: { kind: 'certificate', secret } }
  }
  const { certificate, privateKey } = source
  return {
    name: `file-cert:${certificate}~${privateKey}`,
    content: { kind: 'certificate-files', certificate, privateKey },
  }
}

/** The system's certificate authorities in Envoy's images and most Linux distributions. */
const systemTrust = '/etc/ssl/certs/ca-certificates.crt'

function trustUse(source: TrustSource, scope: Scope): SecretUse {
  switch (source.kind) {
    case 'system':
      return { name: 'file-root:system', content: { kind: 'trust-file', path: systemTrust } }
    case 'file':
      return { name: `file-root:${source.path}`, content: { kind: 'trust-file', path: source.path } }
    case 'secret': {
      const secret = foundReference(source.secret, scope)
      return { name: `${secretName(secret, scope)}-cacert`, content: { kind: 'trust', secret } }
    }
  }
}

/**
 * A proxy receives only Secrets of its own namespace, unless the Secret's namespace permits the reference.
 * This keeps the certificates of one namespace away from the gateways of another. An Envoy without an
 * identity acts for every gateway.
 */
function foundReference(
  { namespace, name, permitted, origin }: SecretReference,
  scope: Scope,
): FoundReference {
  if (permitted === true && namespace !== undefined) return { namespace, name, origin }
  const own = scope.anyGateway ? origin.object.namespace : scope.namespace
  return {
    namespace: own,
    name: namespace === undefined || namespace === own ? name : `${namespace}/${name}`,
    origin,
  }
}

function secretName({ namespace, name }: FoundReference, scope: Scope): string {
  return `kubernetes://${namespace === scope.namespace ? '' : `${namespace}/`}${name}`
}
