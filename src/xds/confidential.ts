import { decode, encode } from './proto.ts'
import type { Message } from './proto.ts'

const secretName = 'envoy.extensions.transport_sockets.tls.v3.Secret'

type DataSource = Message<'envoy.config.core.v3.DataSource'>

/** The text of Envoy's own config dump in place of a private key. */
const redacted: DataSource = { inline_bytes: Buffer.from('[redacted]').toString('base64') }

/**
 * A Secret as it may be shown: certificates and authorities as they are, of all else only that it is there.
 */
export function shownSecret(bytes: Uint8Array): Message<typeof secretName> {
  const {
    name,
    tls_certificate: certificate,
    validation_context: trust,
    generic_secret: generic,
    session_ticket_keys: keys,
  } = decode(secretName, bytes)
  return {
    name,
    ...(certificate === undefined
      ? {}
      : {
          tls_certificate: {
            certificate_chain: certificate.certificate_chain,
            private_key: hidden(certificate.private_key),
          },
        }),
    ...(trust === undefined ? {} : { validation_context: trust }),
    ...(generic === undefined ? {} : { generic_secret: { secret: redacted } }),
    ...(keys === undefined ? {} : { session_ticket_keys: { keys: (keys.keys ?? []).map(() => redacted) } }),
  }
}

export function shownSecretBytes(bytes: Uint8Array): Buffer {
  return encode(secretName, shownSecret(bytes))
}

/** File names are not secret. */
function hidden(source: DataSource | undefined): DataSource | undefined {
  return source === undefined || source.filename !== undefined ? source : redacted
}
