import { once } from 'node:events'
import { request as requestHttp } from 'node:http'
import type { IncomingMessage, RequestOptions } from 'node:http'
import { request as requestHttps } from 'node:https'
import { text as textOf } from 'node:stream/consumers'
import { parseHostPort } from '../../control-plane/config.ts'
import { foreignText } from '../../diagnostics/foreign-text.ts'
import { UsageError } from '../../errors.ts'
import type { AdminConnection } from '../admin-connection.ts'

/** An answer of the admin listener; `changed` is false if it equals the one before. */
export interface AdminAnswer {
  readonly text: string
  readonly changed: boolean
}

export interface AdminClient {
  /** Rejects with UsageError if the control plane cannot be reached, or calls the question wrong. */
  get(path: string): Promise<AdminAnswer>
}

const bound = 10_000 // milliseconds

/**
 * Asks the admin listener of a running control plane, at `host:port`. An unchanged answer is not sent again
 * (HTTP ETag).
 */
export function adminClient(server: string, connection: AdminConnection = {}): AdminClient {
  const known = new Map<string, { readonly etag: string; readonly text: string }>()
  return {
    async get(path) {
      const before = known.get(path)
      const { response, text } = await ask({ server, path, etag: before?.etag, connection }).catch(
        (error: unknown) => {
          throw unreachable(server, error)
        },
      )
      const {
        statusCode = 0,
        headers: { etag },
      } = response
      if (statusCode === 304 && before !== undefined) return { text: before.text, changed: false }
      if (statusCode !== 200) throw new UsageError(`--server ${server}: ${foreignText(text.trim(), 1_000)}`)
      if (etag !== undefined) known.set(path, { etag, text })
      return { text, changed: true }
    },
  }
}

interface Question {
  readonly server: string
  readonly path: string
  readonly etag: string | undefined
  readonly connection: AdminConnection
}

async function ask({
  server,
  path,
  etag,
  connection: { token, tls },
}: Question): Promise<{ readonly response: IncomingMessage; readonly text: string }> {
  const { host, port } = parseHostPort('--server', server)
  const headers = {
    ...(etag === undefined ? {} : { 'if-none-match': etag }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  }
  const options: RequestOptions = { host, port, path, headers, signal: AbortSignal.timeout(bound) }
  const sent =
    tls === undefined
      ? requestHttp(options)
      : requestHttps({
          ...options,
          ...(tls.ca === null ? {} : { ca: tls.ca }),
          ...(tls.certificate === undefined ? {} : { cert: tls.certificate.chain, key: tls.certificate.key }),
        })
  const answered = once(sent, 'response') as Promise<[IncomingMessage]>
  sent.end()
  const [response] = await answered
  return { response, text: await textOf(response) }
}

function unreachable(server: string, error: unknown): UsageError {
  if (error instanceof UsageError) return error
  return new UsageError(
    `--server ${server} cannot be reached (${reasonOf(error)}): is "shadowplane serve" running, and is ` +
      `this the address of its --admin?`,
    { cause: error },
  )
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return `no answer in ${bound / 1000} s`
  const code = 'code' in error ? String(error.code) : error.message
  return hints[code] ?? code
}

/** Codes of Node that do not say what to do. */
const hints: Readonly<Record<string, string>> = {
  ECONNRESET: 'it closed the connection: does it speak TLS? then give --ca or --tls',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS: leave out --tls, --ca and --cert',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS: leave out --tls, --ca and --cert',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not of an authority that is known here: give --ca',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not of an authority that is known here: give --ca',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not of an authority that is known here: give --ca',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is not of an authority that is known here: give --ca',
}
