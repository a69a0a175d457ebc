import { connect } from 'node:http2'
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2'
import { onTestFinished } from 'vitest'
import { within } from './within.ts'

/**
 * An HTTP/2 connection whose client grants a stream no more bytes than the test says, and closes nothing by
 * itself.
 */
export class RawConnection {
  readonly #session: ClientHttp2Session

  /** `window` is in bytes, for each stream. */
  constructor(address: string, window: number) {
    this.#session = connect(`http://${address}`, { settings: { initialWindowSize: window } })
    this.#session.on('error', () => undefined)
    onTestFinished(() => {
      this.#session.destroy()
    })
  }

  /** Begins a call of a gRPC method, `/service/method`. */
  call(path: string): RawCall {
    return new RawCall(
      this.#session.request(
        {
          ':method': 'POST',
          ':path': path,
          'content-type': 'application/grpc',
          te: 'trailers',
        },
        { endStream: false },
      ),
    )
  }

  /** Resolves when the server has received all that was written. */
  async received(): Promise<void> {
    await within(
      5_000,
      'a PING',
      new Promise((resolve) => {
        this.#session.ping(resolve)
      }),
    )
  }

  /** From now on the client grants this many bytes to each stream. */
  grant(window: number): void {
    this.#session.settings({ initialWindowSize: window })
  }
}

const prefix = 5

/** One call; its own half stays open until the test ends. */
export class RawCall {
  readonly closed: Promise<void>
  readonly #stream: ClientHttp2Stream
  readonly #waiting = new Set<() => void>()
  #arrived = Buffer.alloc(0)

  constructor(stream: ClientHttp2Stream) {
    this.#stream = stream
    this.closed = new Promise((resolve) => stream.once('close', resolve))
    stream.on('error', () => undefined)
    stream.on('data', (bytes: Buffer) => {
      this.#arrived = Buffer.concat([this.#arrived, bytes])
      for (const look of [...this.#waiting]) look()
    })
  }

  write(message: Buffer): void {
    const head = Buffer.alloc(prefix)
    head.writeUInt32BE(message.length, 1)
    this.#stream.write(Buffer.concat([head, message]))
  }

  /** The next message that the server sent. */
  next(): Promise<Buffer> {
    return within(
      5_000,
      'a message',
      new Promise((resolve) => {
        const look = (): void => {
          if (this.#arrived.length < prefix) return
          const end = prefix + this.#arrived.readUInt32BE(1)
          if (this.#arrived.length < end) return
          this.#waiting.delete(look)
          const message = this.#arrived.subarray(prefix, end)
          this.#arrived = this.#arrived.subarray(end)
          resolve(message)
        }
        this.#waiting.add(look)
        look()
      }),
    )
  }
}
