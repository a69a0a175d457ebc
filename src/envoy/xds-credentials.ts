import { isIP } from 'node:net'
import { dirname } from 'node:path'
import { any } from '../xds/proto.ts'
import type { AnyJson, Message } from '../xds/proto.ts'

type HttpFilter = Message<'envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter'>

/**
 * The proof that an Envoy shows to the control plane, and the proof that it wants. All files are paths where
 * Envoy runs.
 */
export interface XdsCredentials {
  /** Authorities of the control plane's certificate, in PEM: with it, the connection is TLS. */
  readonly ca?: string | undefined
  /** A name or address that this certificate must have. */
  readonly name: string
  readonly certificate?: { readonly file: string; readonly key: string } | undefined
  /** A ServiceAccount token, which is renewed in place. */
  readonly token?: string | undefined
  /**
   * The folder of the SDS files. Envoy follows renewed files through them; files that the bootstrap itself
   * names are read only once.
   */
  readonly sdsDirectory: string
}

/** The files in the SDS directory. */
export type SdsFile = 'trust' | 'certificate' | 'token'

type Secret = Message<'envoy.extensions.transport_sockets.tls.v3.Secret'>
type SdsSecretConfig = Message<'envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig'>

/**
 * The SDS files that a bootstrap with these credentials refers to, each a DiscoveryResponse with one secret.
 */
export function sdsFiles({
  ca,
  certificate,
  token,
}: XdsCredentials): ReadonlyMap<SdsFile, Message<'envoy.service.discovery.v3.DiscoveryResponse'>> {
  const files = new Map<SdsFile, Secret>()
  if (ca !== undefined)
    files.set('trust', {
      name: secretName('trust'),
      validation_context: { trusted_ca: { filename: ca }, watched_directory: { path: dirname(ca) } },
    })
  if (certificate !== undefined) {
    const { file, key } = certificate
    files.set('certificate', {
      name: secretName('certificate'),
      tls_certificate: {
        certificate_chain: { filename: file },
        private_key: { filename: key },
        watched_directory: { path: dirname(file) },
      },
    })
  }
  if (token !== undefined)
    files.set('token', { name: secretName('token'), generic_secret: { secret: { filename: token } } })
  return new Map(
    [...files].map(([name, secret]) => [
      name,
      { resources: [any('envoy.extensions.transport_sockets.tls.v3.Secret', secret)] },
    ]),
  )
}

/** The path of an SDS file, as the bootstrap names it. */
export function sdsPath(file: SdsFile, { sdsDirectory }: Pick<XdsCredentials, 'sdsDirectory'>): string {
  return `${sdsDirectory.replace(/\/$/, '')}/${file}.yaml`
}

/** TLS to the control plane; undefined for plain text. */
export function xdsTransportSocket(
  credentials: XdsCredentials,
): Message<'envoy.config.core.v3.TransportSocket'> | undefined {
  const { ca, name, certificate } = credentials
  if (ca === undefined) return undefined
  const isName = isIP(name) === 0
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: any('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', {
      ...(isName ? { sni: name } : {}),
      common_tls_context: {
        tls_params: { tls_minimum_protocol_version: 'TLSv1_2' },
        ...(certificate === undefined
          ? {}
          : { tls_certificate_sds_secret_configs: [secretConfig('certificate', credentials)] }),
        combined_validation_context: {
          default_validation_context: {
            match_typed_subject_alt_names: [
              { san_type: isName ? 'DNS' : 'IP_ADDRESS', matcher: { exact: name } },
            ],
          },
          validation_context_sds_secret_config: secretConfig('trust', credentials),
        },
      },
    }),
  }
}

/** The filter that puts the token into each request to the control plane; none without a token. */
export function xdsHttpFilters(credentials: XdsCredentials): {
  readonly http_filters?: readonly HttpFilter[]
} {
  if (credentials.token === undefined) return {}
  const generic = any('envoy.extensions.http.injected_credentials.generic.v3.Generic', {
    // Another token comes as another file in its directory.
    credential: secretConfig('token', credentials, dirname(credentials.token)),
    header: 'authorization',
    header_value_prefix: 'Bearer ',
  })
  const injector = {
    overwrite: true,
    credential: { name: 'envoy.http.injected_credentials.generic', typed_config: generic },
  }
  return {
    http_filters: [
      filter(
        'envoy.filters.http.credential_injector',
        any('envoy.extensions.filters.http.credential_injector.v3.CredentialInjector', injector),
      ),
      filter(
        'envoy.filters.http.upstream_codec',
        any('envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec', {}),
      ),
    ],
  }
}

function filter(
  name: string,
  config: AnyJson,
): Message<'envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter'> {
  return { name, typed_config: config }
}

function secretName(file: SdsFile): string {
  return `control plane ${file}`
}

function secretConfig(file: SdsFile, credentials: XdsCredentials, watched?: string): SdsSecretConfig {
  return {
    name: secretName(file),
    sds_config: {
      resource_api_version: 'V3',
      path_config_source: {
        path: sdsPath(file, credentials),
        ...(watched === undefined ? {} : { watched_directory: { path: watched } }),
      },
    },
  }
}
