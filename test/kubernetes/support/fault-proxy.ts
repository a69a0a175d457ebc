import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'

/** The fault that a request meets; undefined: none. */
export type Fault =
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
    }
  /** It passes, and the connection breaks after so many bytes of the response. */
  | { readonly kind: 'cut'; readonly bytes: number }
  /**
   * It passes, and from so many bytes of the response on nothing comes any more, while the connection stays.
   */
  | { readonly kind: 'hush'; readonly bytes: number }
  /** It passes, and this line comes behind the first bytes. */
  | { readonly kind: 'line'; readonly text: string }

/** Hears each piece of each response, before it is passed on. */
export type Overhear = (url: URL, piece: Buffer) => void

export interface FaultProxy {
  /** `http://127.0.0.1:1234`. */
  readonly server: string
  /** Asked for each request from now on. */
  inject(fault: (url: URL) => Fault | undefined): void
  /** Breaks every connection now. */
  cut(): void
  /** Nothing comes on any connection that is open now, while they stay. */
  hush(): void
  /** Requests that have come, by path and query. */
  readonly requests: readonly URL[]
  close(): Promise<void>
}

/** Stands between a client and the API server, without TLS towards the client. */
export async function faultProxy(target: string, overhear: Overhear = () => undefined): Promise<FaultProxy> {
  const requests: URL[] = []
  const open = new Set<ServerResponse>()
  const hushed = new WeakSet<ServerResponse>()
  let faultOf: (url: URL) => Fault | undefined = () => undefined
  const pass = (from: IncomingMessage, to: ServerResponse, fault: Fault | undefined): void => {
    const upstream = request(
      new URL(from.url ?? '/', target),
      { method: from.method, headers: from.headers, rejectUnauthorized: false },
      (response) => {
        to.writeHead(response.statusCode ?? 502, response.headers)
        to.flushHeaders()
        let bytes = 0
        if (fault?.kind === 'line') to.write(`${fault.text}\n`)
        response.on('data', (piece: Buffer) => {
          bytes += piece.length
          overhear(new URL(from.url ?? '/', target), piece)
          if (hushed.has(to) || (fault?.kind === 'hush' && bytes > fault.bytes)) return
          if (fault?.kind === 'cut' && bytes > fault.bytes) to.destroy()
          else to.write(piece)
        })
        response.on('end', () => {
          if (!hushed.has(to) && fault?.kind !== 'hush') to.end()
        })
        response.on('error', () => {
          if (!hushed.has(to)) to.destroy()
        })
      },
    )
    upstream.on('error', () => {
      to.destroy()
    })
    to.on('close', () => {
      upstream.destroy()
    })
    from.pipe(upstream)
  }
  const server = createServer((from, to) => {
    const url = new URL(from.url ?? '/', target)
    requests.push(url)
    open.add(to)
    to.once('close', () => open.delete(to))
    const fault = faultOf(url)
    if (fault?.kind !== 'answer') pass(from, to, fault)
    else
      to.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers }).end(
        fault.body ?? '',
      )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    inject: (fault) => {
      faultOf = fault
    },
    cut: () => {
      for (const each of [...open]) each.destroy()
    },
    hush: () => {
      for (const each of open) hushed.add(each)
    },
    requests,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
