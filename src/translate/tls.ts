import { isIP } from 'node:net'
import type { TlsVersion } from '../model/tls.ts'
import type {
  ResolvedDownstreamTls,
  ResolvedUpstreamTls,
  ResolvedVerification,
  SecretUse,
} from '../resolve/secrets/secret-use.ts'
import { any } from '../xds/proto.ts'
import type { Message } from '../xds/proto.ts'

type CommonTlsContext = Message<'envoy.extensions.transport_sockets.tls.v3.CommonTlsContext'>
type TlsParameters = Message<'envoy.extensions.transport_sockets.tls.v3.TlsParameters'>
type ValidationContext = Message<'envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext'>
type TransportSocket = Message<'envoy.config.core.v3.TransportSocket'>

const upstreamContext = 'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext'
const downstreamContext = 'envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext'

export interface UpstreamProtocol {
  readonly http2: boolean
}

/** TLS to a cluster: TLS 1.2 or 1.3, and HTTP/2 by ALPN if the backend speaks it. */
export function upstreamSocket(
  { certificate, verification, sni }: ResolvedUpstreamTls,
  { http2 }: UpstreamProtocol,
): TransportSocket {
  return socket(
    any(upstreamContext, {
      common_tls_context: {
        tls_params: { tls_minimum_protocol_version: 'TLSv1_2', tls_maximum_protocol_version: 'TLSv1_3' },
        ...(http2 ? { alpn_protocols: ['h2'] } : {}),
        ...(certificate === undefined ? {} : { tls_certificate_sds_secret_configs: [overAds(certificate)] }),
        ...(verification === 'none' ? { validation_context: {} } : verified(verification)),
      },
      ...(sni === undefined ? {} : { sni }),
    }),
  )
}

/** TLS that ends at a gateway, which speaks HTTP/2 and HTTP/1.1 behind it. */
export function downstreamSocket({
  certificates,
  clients,
  ...limits
}: ResolvedDownstreamTls): TransportSocket {
  return socket(
    any(downstreamContext, {
      common_tls_context: {
        tls_params: parameters(limits),
        alpn_protocols: ['h2', 'http/1.1'],
        tls_certificate_sds_secret_configs: certificates.map(overAds),
        ...(clients === undefined
          ? {}
          : clients.verification === 'none'
            ? { validation_context: { trust_chain_verification: 'ACCEPT_UNTRUSTED' } }
            : verified(clients.verification)),
      },
      require_client_certificate: clients?.certificate === 'required',
    }),
  )
}

function socket(context: ReturnType<typeof any>): TransportSocket {
  return { name: 'envoy.transport_sockets.tls', typed_config: context }
}

/**
 * A delta proxy learns at once that a Secret does not exist. SotW has no message for it: while one cluster or
 * listener waits, Envoy answers for none, and the routes of all others wait, by default 15 s. Afterwards
 * connections fail until the Secret arrives.
 */
function overAds({ name }: SecretUse): Message<'envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig'> {
  return { name, sds_config: { ads: {}, initial_fetch_timeout: '2s', resource_api_version: 'V3' } }
}

function verified({
  trust,
  subjectAltNames,
  publicKeyHashes,
  certificateHashes,
}: ResolvedVerification): CommonTlsContext {
  const expectations: ValidationContext = {
    ...(subjectAltNames.length === 0
      ? {}
      : { match_typed_subject_alt_names: subjectAltNames.map(subjectAltName) }),
    ...(publicKeyHashes.length === 0 ? {} : { verify_certificate_spki: [...publicKeyHashes] }),
    ...(certificateHashes.length === 0 ? {} : { verify_certificate_hash: [...certificateHashes] }),
  }
  return {
    combined_validation_context: {
      default_validation_context: expectations,
      validation_context_sds_secret_config: overAds(trust),
    },
  }
}

function subjectAltName(
  exact: string,
): Message<'envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher'> {
  const type = exact.includes('://')
    ? 'URI'
    : isIP(exact) !== 0
      ? 'IP_ADDRESS'
      : exact.includes('@')
        ? 'EMAIL'
        : 'DNS'
  return { san_type: type, matcher: { exact } }
}

const protocols: Readonly<Record<TlsVersion, NonNullable<TlsParameters['tls_minimum_protocol_version']>>> = {
  '1.0': 'TLSv1_0',
  '1.1': 'TLSv1_1',
  '1.2': 'TLSv1_2',
  '1.3': 'TLSv1_3',
}

function parameters({
  minimumVersion,
  maximumVersion,
  cipherSuites,
  curves,
}: Omit<ResolvedDownstreamTls, 'certificates' | 'clients'>): TlsParameters {
  return {
    tls_minimum_protocol_version: protocols[minimumVersion ?? '1.2'],
    tls_maximum_protocol_version: protocols[maximumVersion ?? '1.3'],
    ...(cipherSuites.length === 0 ? {} : { cipher_suites: [...cipherSuites] }),
    ...(curves.length === 0 ? {} : { ecdh_curves: [...curves] }),
  }
}
