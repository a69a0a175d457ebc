import { Agent, createServer, request } from 'node:http'
import { connect, createServer as createTcpServer } from 'node:net'
import type { Server } from 'node:net'
import { once } from 'node:events'
import type { Burst, Target } from './calls.ts'
import { repeat } from '../request.ts'

const timeout = 5_000
const lanes = 24

/** An HTTP server that answers 200 with its name in `x-backend`. Rejects when the address cannot be had. */
export async function serveHttp(
  name: string,
  { address, port }: Omit<Target, 'host'>,
  onRequest: (host: string) => void,
): Promise<Server> {
  const server = createServer((asked, response) => {
    onRequest(asked.headers.host ?? '')
    asked.resume()
    response.writeHead(200, { 'x-backend': name }).end(`${name}\n`)
  })
  server.listen(port, address)
  await once(server, 'listening')
  return server
}

/** A TCP server that greets before the client has said anything, or answers a line: `greets` or `echoes`. */
export async function serveLines(
  behaviour: 'greets' | 'echoes',
  { address, port }: Omit<Target, 'host'>,
): Promise<Server> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined)
    if (behaviour === 'greets') socket.end('hello\n')
    else
      socket.on('data', (bytes) => {
        socket.end(bytes)
      })
  })
  server.listen(port, address)
  await once(server, 'listening')
  return server
}

/** `<status> <backend>`, or what went wrong. Never rejects. */
export function get({ address, port, host }: Target, agent?: Agent): Promise<string> {
  return new Promise((resolve) => {
    const failed = (error: Error): void => resolve(error.message)
    const sent = request(
      {
        host: address,
        port,
        path: '/',
        headers: { host },
        timeout,
        ...(agent === undefined ? { agent: false } : { agent }),
      },
      (response) => {
        const backend = response.headers['x-backend']
        response
          .resume()
          .once('error', failed)
          .once('end', () =>
            resolve(`${response.statusCode} ${typeof backend === 'string' ? backend : ''}`.trim()),
          )
      },
    )
    sent
      .once('error', failed)
      .once('timeout', () => sent.destroy(new Error(`no answer after ${timeout} ms`)))
      .end()
  })
}

/** Requests over kept-alive connections, all of which `backend` should answer. */
export async function burst(target: Target, backend: string, requests: number): Promise<Burst> {
  const agent = new Agent({ keepAlive: true, maxSockets: lanes })
  const wanted = `200 ${backend}`
  let answered = 0
  let failure = ''
  await repeat(requests, lanes, async () => {
    const answer = await get(target, agent)
    if (answer === wanted) answered += 1
    else if (failure === '') failure = answer
  })
  agent.destroy()
  return { answered, failure }
}

/** The first line that a TCP server sends, or what went wrong. */
export function line(address: string, port: number, says: string): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect({ host: address, port, timeout }, () => {
      if (says !== '') socket.write(`${says}\n`)
    })
    socket.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
    socket.once('timeout', () => socket.destroy(new Error(`nothing after ${timeout} ms`)))
    socket
      .once('error', (error) => resolve(error.message))
      .once('close', () => resolve(text.split('\n')[0] ?? ''))
  })
}
