import type { SecretValue } from '../resolve/secrets/secret-value.ts'
import type { Message } from '../xds/proto.ts'

type DataSource = Message<'envoy.config.core.v3.DataSource'>

/**
 * envoy.extensions.transport_sockets.tls.v3.Secret. Envoy watches the folders of the files that are named
 * here.
 */
export function secret(
  name: string,
  value: SecretValue,
): Message<'envoy.extensions.transport_sockets.tls.v3.Secret'> {
  switch (value.kind) {
    case 'certificate':
      return {
        name,
        tls_certificate: { certificate_chain: inline(value.chain), private_key: inline(value.privateKey) },
      }
    case 'trust':
      return { name, validation_context: { trusted_ca: inline(value.authorities) } }
    case 'certificate-files':
      return {
        name,
        tls_certificate: {
          certificate_chain: { filename: value.certificate },
          private_key: { filename: value.privateKey },
        },
      }
    case 'trust-file':
      return { name, validation_context: { trusted_ca: { filename: value.path } } }
  }
}

function inline(pem: string): DataSource {
  return { inline_bytes: Buffer.from(pem).toString('base64') }
}
