import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as a backend saw it. */
export interface Arrival {
  readonly backend: string
  readonly host: string
  readonly path: string
  /** The header `x-demo-request`, '' if it is absent. */
  readonly id: string
}

export interface BackendOptions {
  readonly name: string
  /** 0 picks a free one. */
  readonly port: number
  /** Called for each request. */
  readonly onRequest: (arrival: Arrival) => void
}

export interface Backend {
  readonly name: string
  readonly port: number
  close(): Promise<void>
}

/** A header by which the demo knows a copy's original. */
export const requestIdHeader = 'x-demo-request'

/** Answered without being counted. */
const healthPath = '/healthz'

/**
 * A small HTTP server on 127.0.0.1 that answers with its name and the request. Rejects when the port is
 * taken.
 */
export async function startBackend(options: BackendOptions): Promise<Backend> {
  const server = createServer((request, response) => answer(request, response, options))
  const { port } = await listen(server, options.port)
  return { name: options.name, port, close: () => close(server) }
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { name, onRequest }: BackendOptions,
): void {
  const { headers } = request
  if (request.url === healthPath) return void response.end('ok\n')
  const id = headers[requestIdHeader]
  const arrival = {
    backend: name,
    host: headers.host ?? '',
    path: request.url ?? '',
    id: typeof id === 'string' ? id : '',
  }
  onRequest(arrival)
  // The body is read to its end, or a large upload would never be answered.
  request.resume()
  const body = JSON.stringify({ backend: name, path: arrival.path, headers }, null, 2)
  response.writeHead(200, { 'content-type': 'application/json', 'x-backend': name }).end(`${body}\n`)
}

function listen(server: Server, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve(server.address() as AddressInfo)
    })
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
