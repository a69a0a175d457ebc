import type { Account } from './admission/memory-budget.ts'
import { streamOf } from './response-writer.ts'

/** Fewer bytes than that are not counted. */
const step = 64 * 1024

/** Length-Prefixed-Message (gRPC over HTTP2, "Requests"). */
const prefixLength = 5

/**
 * Counts the bytes of a request until it is complete: grpc-js keeps them, and a client may never send the
 * rest.
 */
export class Incoming {
  readonly #account: Account
  #bytes = 0
  #counted = 0

  constructor(call: object, account: Account) {
    this.#account = account
    streamOf(call)?.on('data', ({ length }: Buffer) => {
      this.#set(this.#bytes + length)
    })
  }

  /** A whole message has arrived. Compressed, it took fewer bytes. */
  received({ length }: Buffer): void {
    this.#set(Math.max(0, this.#bytes - length - prefixLength))
  }

  #set(bytes: number): void {
    this.#bytes = bytes
    const counted = bytes < step ? 0 : bytes
    if (counted !== 0 && Math.abs(counted - this.#counted) < step) return
    if (counted === this.#counted) return
    this.#counted = counted
    this.#account.keep(counted === 0 ? [] : [{ object: {}, bytes: counted }])
  }
}
