/**
 * A backend of `bench/sick-shadow.ts` as a process of its own: `node backend-main.ts KIND`. It reports its
 * port, and closes its connections on request.
 */
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { isBackendKind } from './backend.ts'
import type { BackendKind } from './backend.ts'

/**
 * The open connections, and how each is ended so that its copy is a success: Envoy would eject a shadow that
 * resets.
 */
const open = new Map<Socket, () => void>()
const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(0x10000, 'x'), Buffer.from('\r\n')])
/** 640 KB/s. */
const slowly = { bytes: 64_000, every: 100 }

function keep(socket: Socket, end: () => void): void {
  open.set(socket, end)
  socket.on('error', () => {}).once('close', () => open.delete(socket))
}

function answerAtLast(socket: Socket): void {
  socket.resume().end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
}

function startHttp(): Server {
  const server = createHttpServer((request, response) => {
    request.resume().once('end', () => response.end('ok'))
  })
  server.keepAliveTimeout = 600_000
  return server
}

function readSlowly(socket: Socket): void {
  const timer = setInterval(() => {
    if (socket.read(slowly.bytes) === null) socket.read()
  }, slowly.every)
  socket.once('close', () => clearInterval(timer))
}

function answerForEver(socket: Socket): void {
  const write = (): void => {
    while (socket.writable && socket.write(chunk));
  }
  keep(socket, () => {
    if (socket.writable) socket.end('0\r\n\r\n')
  })
  socket.on('drain', write).once('data', () => {
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n')
    write()
  })
}

function start(kind: Exclude<BackendKind, 'refuses'>): Server {
  switch (kind) {
    case 'healthy':
      return startHttp()
    case 'hangs':
      return createServer({ pauseOnConnect: true }, (socket) => keep(socket, () => answerAtLast(socket)))
    case 'slow':
      return createServer({ pauseOnConnect: true, highWaterMark: 16_384 }, (socket) => {
        keep(socket, () => answerAtLast(socket))
        readSlowly(socket)
      })
    case 'resets':
      return createServer((socket) => {
        socket.on('error', () => {}).once('data', () => socket.resetAndDestroy())
      })
    case 'endless':
      return createServer(answerForEver)
  }
}

const kind = process.argv[2] ?? ''
if (!isBackendKind(kind) || kind === 'refuses') throw new Error(`no backend ${kind}`)
const server = start(kind)
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.on('message', () => {
  for (const end of open.values()) end()
  process.send?.('ended')
})
process.on('disconnect', () => process.exit(0))
