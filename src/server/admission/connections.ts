import { Server } from 'node:net'
import type { Socket } from 'node:net'
import type { Server as GrpcServer } from '@grpc/grpc-js'

/**
 * The open sockets of a gRPC server since it was bound, including those without any traffic yet. grpc-js
 * keeps its HTTP/2 servers in a private field, and closes sessions by a message that a dead peer never reads;
 * a socket can be destroyed.
 */
export class Connections {
  readonly #sockets = new Set<Socket>()

  /**
   * Follows the servers that are bound now; called before the first connection can arrive, in the callback of
   * the binding.
   */
  follow(server: GrpcServer): void {
    const servers: unknown = Reflect.get(server, 'http2Servers')
    if (!(servers instanceof Map)) return
    for (const bound of servers.keys()) {
      if (bound instanceof Server)
        bound.on('connection', (socket) => {
          this.#add(socket)
        })
    }
  }

  /** Ends all of them now, with what waits to be sent. */
  destroy(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #add(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => {
      this.#sockets.delete(socket)
    })
  }
}
