import { request as httpRequest } from 'node:http'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { text } from 'node:stream/consumers'
import { authenticator, loadCluster } from './credentials.ts'
import type { ClusterChoice } from './credentials.ts'
import { ApiFailure, failureOf } from './failure.ts'
import { parseJson } from '../manifest/json.ts'
import type { NodeValue } from '../manifest/node-value.ts'

export interface ApiRequest {
  /** For example `/api/v1/services`. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  /** Absent: GET. */
  readonly method?: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Sent as JSON. */
  readonly body?: unknown
  /** Content type of the body; absent: `application/json`. */
  readonly contentType?: string
  /** Absent: `application/json`. */
  readonly accept?: string
  readonly signal?: AbortSignal
  /** Milliseconds without a byte after which the request is abandoned; absent: 30 s. */
  readonly idle?: number
}

/** The events of `lines`. */
export interface LineListener {
  /** The server has accepted the request. */
  open(): void
  line(text: string): void
}

interface Answer {
  readonly response: IncomingMessage
  /** Why we ended the request, if we did. */
  readonly cause: () => ApiFailure | undefined
}

/**
 * The Kubernetes API over one shared agent. Each request uses the credentials that are valid at that time.
 */
export interface KubernetesApi {
  /** Address of the cluster, for people: `https://10.0.0.1:443`. */
  readonly server: string
  /**
   * Resolves with the response's JSON, or its text if it is not JSON. Rejects with ApiFailure for every
   * status but 2xx, and for a broken connection.
   */
  request(request: ApiRequest): Promise<NodeValue>
  /** Resolves when the server has ended the response; rejects with ApiFailure as `request` does. */
  lines(request: ApiRequest, listener: LineListener): Promise<void>
  /** Closes every connection; requests under way fail. */
  close(): void
}

const defaultIdle = 30_000

/** Connects nothing yet. Rejects with UsageError when the kubeconfig cannot be used. */
export async function kubernetesApi(choice: ClusterChoice): Promise<KubernetesApi> {
  const config = await loadCluster(choice)
  const { server } = config.getCurrentCluster() ?? { server: '' }
  const base = new URL(server)
  const credentials = authenticator(config)

  async function send(request: ApiRequest): Promise<Answer> {
    const { headers, ...options } = await credentials.options().catch((thrown: unknown) => {
      throw broken(thrown)
    })
    const body = request.body === undefined ? undefined : JSON.stringify(request.body)
    const idle = request.idle ?? defaultIdle
    const start = base.protocol === 'http:' ? httpRequest : httpsRequest
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const sent = start(urlOf(base, request), {
      ...options,
      // Includes the attempt to connect.
      timeout: idle,
      method: request.method ?? 'GET',
      headers: {
        ...(headers as Record<string, string>),
        accept: request.accept ?? 'application/json',
        'user-agent': 'shadowplane',
        ...(body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
      },
    })
    const cause = endings(sent, idle, request.signal)
    sent.once('response', resolve)
    // The reader of the response handles later errors.
    sent.on('error', (error) => {
      reject(cause() ?? broken(error))
    })
    sent.end(body)
    const response = await promise
    if (response.statusCode !== undefined && response.statusCode >= 200 && response.statusCode < 300)
      return { response, cause }
    throw await refusal(response)
  }

  return {
    server,
    async request(request) {
      const { response, cause } = await send(request)
      try {
        const body = await text(response)
        return response.headers['content-type']?.includes('json') === true
          ? parseJson(body)
          : { value: body, exactNumbers: [] }
      } catch (thrown) {
        throw cause() ?? broken(thrown)
      }
    },
    async lines(request, listener) {
      const { response, cause } = await send(request)
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      response.setEncoding('utf8')
      response.once('end', resolve)
      response.on('error', (error) => {
        reject(cause() ?? broken(error))
      })
      response.once('close', () => {
        reject(new ApiFailure('the connection was closed'))
      })
      listener.open()
      response.on(
        'data',
        splitLines((line) => {
          listener.line(line)
        }),
      )
      await promise
    },
    close() {
      credentials.close()
    },
  }
}

/**
 * Abandons the request after a time without a byte, or when the caller stops it; returns which of the two
 * happened. It uses neither Node's option `signal` nor an error: both would end at the socket, which outlives
 * the request in the agent's pool and has no listener there.
 */
function endings(
  sent: ClientRequest,
  idle: number,
  signal: AbortSignal | undefined,
): () => ApiFailure | undefined {
  let cause: ApiFailure | undefined
  const giveUp = (why: ApiFailure): void => {
    cause ??= why
    sent.destroy()
  }
  sent.on('timeout', () => {
    giveUp(new ApiFailure(`nothing came for ${idle / 1000} s`, { quiet: true }))
  })
  const abort = (): void => {
    giveUp(new ApiFailure('given up'))
  }
  if (signal?.aborted === true) abort()
  signal?.addEventListener('abort', abort, { once: true })
  sent.once('close', () => {
    signal?.removeEventListener('abort', abort)
  })
  return () => cause
}

function urlOf(base: URL, { path, query = {} }: ApiRequest): URL {
  const url = new URL(base)
  url.pathname = `${base.pathname.replace(/\/$/, '')}${path}`
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  return url
}

async function refusal(response: IncomingMessage): Promise<ApiFailure> {
  const body = await text(response).catch(() => '')
  const retryAfter = response.headers['retry-after']
  return failureOf(statusOf(body), response.statusCode, retryAfter)
}

function statusOf(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return { message: body.trim().slice(0, 200) }
  }
}

function broken(thrown: unknown): ApiFailure {
  if (thrown instanceof ApiFailure) return thrown
  // If a host has several addresses, the message of the aggregate error is empty.
  const error =
    thrown instanceof AggregateError && thrown.errors[0] instanceof Error ? thrown.errors[0] : thrown
  // Node's word for a response that ended too early.
  return new ApiFailure(
    error instanceof Error && error.message !== 'aborted' ? error.message : 'the connection broke',
  )
}

/**
 * Splits text that arrives in pieces into lines. Each piece is scanned once, because an object of a megabyte
 * has many pieces.
 */
function splitLines(line: (text: string) => void): (piece: string) => void {
  let begun: string[] = []
  return (piece) => {
    let from = 0
    for (let end = piece.indexOf('\n'); end >= 0; end = piece.indexOf('\n', from)) {
      const whole = begun.join('') + piece.slice(from, end)
      begun = []
      from = end + 1
      if (whole !== '') line(whole)
    }
    if (from < piece.length) begun.push(piece.slice(from))
  }
}
