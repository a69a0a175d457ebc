/**
 * An object that a stream keeps, and an estimate of its bytes. Streams that keep the same object share it.
 */
export interface Kept {
  readonly object: object
  readonly bytes: number
}

/** A stream whose memory is counted. */
export interface Keeper {
  /**
   * The holder of a fair share of the memory: a namespace, or an address if clients are not authenticated.
   */
  readonly holder: string
  /** Ends the stream, because there is no memory for what all streams keep. */
  readonly giveWay: () => void
}

export interface Account {
  /** Replaces what the stream keeps. */
  keep(kept: readonly Kept[]): void
  /** The stream keeps nothing any more. */
  close(): void
}

interface Open extends Keeper {
  kept: readonly Kept[]
}

interface Shared {
  readonly bytes: number
  keepers: number
}

/**
 * Bounds the bytes that clients make the server remember. Over the bound, the stream with the most bytes
 * ends, of the holder with the most bytes. An object that several streams keep is divided equally among them.
 */
export class MemoryBudget {
  readonly #limit: number
  readonly #open = new Set<Open>()
  readonly #objects = new Map<object, Shared>()
  #bytes = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Bytes of everything that is kept. */
  get bytes(): number {
    return this.#bytes
  }

  open(keeper: Keeper): Account {
    const open: Open = { ...keeper, kept: [] }
    this.#open.add(open)
    return {
      keep: (kept) => {
        if (!this.#open.has(open)) return
        this.#replace(open, kept)
        this.#makeRoom()
      },
      close: () => {
        this.#replace(open, [])
        this.#open.delete(open)
      },
    }
  }

  #replace(open: Open, kept: readonly Kept[]): void {
    for (const { object, bytes } of kept) this.#take(object, bytes)
    for (const { object } of open.kept) this.#release(object)
    open.kept = kept
  }

  #take(object: object, bytes: number): void {
    const known = this.#objects.get(object)
    if (known !== undefined) known.keepers += 1
    else {
      this.#objects.set(object, { bytes, keepers: 1 })
      this.#bytes += bytes
    }
  }

  #release(object: object): void {
    const known = this.#objects.get(object)
    if (known === undefined) return
    known.keepers -= 1
    if (known.keepers > 0) return
    this.#objects.delete(object)
    this.#bytes -= known.bytes
  }

  #makeRoom(): void {
    while (this.#bytes > this.#limit) {
      const largest = this.#largest()
      if (largest === undefined) return
      this.#replace(largest, [])
      this.#open.delete(largest)
      largest.giveWay()
    }
  }

  #largest(): Open | undefined {
    const shares = [...this.#open].map((open) => ({ open, bytes: this.#shareOf(open) }))
    const holders = [...Map.groupBy(shares, ({ open }) => open.holder).values()]
    const [most] = holders.toSorted((a, b) => sum(b) - sum(a))
    return most?.reduce((larger, each) => (each.bytes > larger.bytes ? each : larger)).open
  }

  #shareOf({ kept }: Open): number {
    return kept.reduce(
      (total, { object, bytes }) => total + bytes / (this.#objects.get(object)?.keepers ?? 1),
      0,
    )
  }
}

function sum(shares: readonly { readonly bytes: number }[]): number {
  return shares.reduce((total, { bytes }) => total + bytes, 0)
}
