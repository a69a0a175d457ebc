import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as a backend saw it. */
export interface EchoArrival {
  /** Counts the arrivals at all backends of this process. */
  readonly number: number
  readonly port: number
  readonly host: string
  readonly path: string
  readonly headers: NodeJS.Dict<string | string[]>
}

/** Arrivals by the request's id. */
export type ArrivalRecord = Map<string, EchoArrival[]>

export const benchIdHeader = 'x-bench-id'

export interface EchoBackend {
  readonly port: number
  close(): Promise<void>
}

let arrivals = 0

/**
 * An HTTP server on a free port of 127.0.0.1 that notes what arrives, and answers with the arrival's number
 * in `x-arrival`.
 */
export async function startEchoBackend(record: ArrivalRecord): Promise<EchoBackend> {
  const server = createServer((request, response) => {
    const id = String(request.headers[benchIdHeader] ?? '')
    const known = record.get(id) ?? []
    const number = ++arrivals
    known.push({
      number,
      port: (server.address() as AddressInfo).port,
      host: request.headers.host ?? '',
      path: request.url ?? '',
      headers: request.headers,
    })
    record.set(id, known)
    request.resume()
    response.writeHead(200, { 'x-arrival': String(number) }).end()
  })
  server.keepAliveTimeout = 120_000
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
