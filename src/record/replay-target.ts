import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Header, RecordedRequest } from './recorded-request.ts'

export interface TargetOptions {
  /** http or https; its path precedes that of each request. */
  readonly url: URL
  /** Host of the requests: the target's, or the one that they were recorded with. */
  readonly host: 'target' | 'original'
  /** Milliseconds until an answer must be there whole. */
  readonly timeout: number
  /** Connections at a time. */
  readonly connections: number
}

/** The result of a request: the status of its answer, or one word or line on why there was none. */
export type Outcome = { readonly status: number } | { readonly error: string }

export interface Target {
  /** Never rejects. */
  send(request: RecordedRequest): Promise<Outcome>
  close(): void
}

/** Sends recorded requests over kept-alive HTTP/1.1 connections, and reads the answers to their ends. */
export function createTarget(options: TargetOptions): Target {
  const settings = { keepAlive: true, maxSockets: options.connections }
  const agent = options.url.protocol === 'https:' ? new HttpsAgent(settings) : new HttpAgent(settings)
  return {
    async send(request) {
      const first = await attempt(request, { ...options, agent })
      return 'again' in first ? outcomeOf(await attempt(request, { ...options, agent })) : first
    },
    close: () => {
      agent.destroy()
    },
  }
}

/** `again`: the connection had been idle, and the other end was closing it. */
type Attempt = Outcome | { readonly again: true; readonly error: string }

function outcomeOf(attempted: Attempt): Outcome {
  return 'error' in attempted ? { error: attempted.error } : attempted
}

function attempt(
  recorded: RecordedRequest,
  { url, host, timeout, agent }: TargetOptions & { readonly agent: HttpAgent },
): Promise<Attempt> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      sent?.destroy(new Error('timeout'))
    }, timeout)
    const end = (outcome: Attempt): void => {
      clearTimeout(timer)
      resolve(outcome)
    }
    let sent: ClientRequest | undefined
    let answer: IncomingMessage | undefined
    const failed = (error: NodeJS.ErrnoException): void => {
      const reason = error.code ?? error.message
      end(
        sent?.reusedSocket === true && error.code === 'ECONNRESET' && answer === undefined
          ? { again: true, error: reason }
          : { error: reason },
      )
    }
    try {
      const headers = headersFor(recorded, host === 'target' ? url.host : undefined).flat()
      const path = `${url.pathname.replace(/\/$/, '')}${originForm(recorded.url)}`
      const begin = url.protocol === 'https:' ? httpsRequest : httpRequest
      sent = begin(
        { agent, host: bareHost(url), port: url.port, method: recorded.method, path, headers },
        (response) => {
          answer = response
          response
            .resume()
            .once('error', failed)
            .once('end', () => {
              end({ status: response.statusCode ?? 0 })
            })
        },
      )
      sent.once('error', failed)
      sent.end(recorded.body.length === 0 ? undefined : recorded.body)
    } catch (error) {
      // Characters that Node does not send.
      failed(error instanceof Error ? error : new Error(String(error)))
    }
  })
}

/** Headers of the connection that the request came on (RFC 9110 §7.6.1), and of the framing of its body. */
const ofTheConnection = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'upgrade',
  'expect',
  'te',
  'trailer',
  'transfer-encoding',
  'content-length',
])

function headersFor({ headers, body }: RecordedRequest, host: string | undefined): readonly Header[] {
  const kept = headers.filter(([name]) => !ofTheConnection.has(name.toLowerCase()))
  const hosted =
    host === undefined
      ? kept
      : [['Host', host] as const, ...kept.filter(([name]) => name.toLowerCase() !== 'host')]
  const isFramed =
    body.length > 0 || headers.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name))
  return isFramed ? [...hosted, ['Content-Length', String(body.length)]] : hosted
}

/** Path and query of a request target, which may be an absolute URL or `*` (RFC 9112 §3.2). */
function originForm(target: string): string {
  if (target.startsWith('/')) return target
  const parsed = /^[a-z][a-z\d+.-]*:\/\//i.test(target) ? URL.parse(target) : null
  return parsed === null ? `/${target === '*' ? '' : target}` : `${parsed.pathname}${parsed.search}`
}

function bareHost({ hostname }: URL): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
}
