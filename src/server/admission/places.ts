/** A stream that needs one of a limited number of places. */
export interface Claim {
  /**
   * The holder of a fair share of the places: a namespace, or an address if clients are not authenticated.
   */
  readonly holder: string
  /** The connection that the stream is on. */
  readonly connection: string
  /** Ends the stream, because another one gets its place. */
  readonly giveWay: () => void
}

/** The place of a stream. Both functions may be called repeatedly. */
export interface Place {
  /** The client has sent its first request. */
  settle(): void
  leave(): void
}

interface Taken extends Claim {
  isSilent: boolean
}

/** Streams on one connection that are certainly honest: a proxy with a stream for each type has eight. */
const usualOnConnection = 16

/**
 * The places of all streams. If none is free, a new stream replaces one of the holder with the most places,
 * provided the new holder then has no more places than that one. So no holder can shut another out, and a
 * single holder can use all places. Within a holder, streams without a request end first, then those of a
 * connection with unusually many.
 */
export class Places {
  readonly #limit: number
  /** By holder, each in order of arrival. */
  readonly #taken = new Map<string, Set<Taken>>()
  #size = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Undefined if there is no place for this stream. */
  take(claim: Claim): Place | undefined {
    if (this.#size >= this.#limit) {
      const other = this.#replaceableBy(claim)
      if (other === undefined) return undefined
      this.#leave(other)
      other.giveWay()
    }
    const taken: Taken = { ...claim, isSilent: true }
    const own = this.#taken.get(claim.holder) ?? new Set()
    this.#taken.set(claim.holder, own.add(taken))
    this.#size += 1
    return {
      settle: () => {
        taken.isSilent = false
      },
      leave: () => {
        this.#leave(taken)
      },
    }
  }

  #leave(taken: Taken): void {
    const own = this.#taken.get(taken.holder)
    if (own?.delete(taken) !== true) return
    this.#size -= 1
    if (own.size === 0) this.#taken.delete(taken.holder)
  }

  #replaceableBy({ holder, connection }: Claim): Taken | undefined {
    const own = [...(this.#taken.get(holder) ?? [])]
    const largest = [...this.#taken.values()].reduce((most, each) => (each.size > most.size ? each : most))
    if (largest.size >= own.length + 2) {
      const others = [...largest]
      return others.find(({ isSilent }) => isSilent) ?? crowdOf(others).at(-1)
    }
    const crowd = crowdOf(own)
    const here = own.filter((each) => each.connection === connection).length
    return (
      own.find(({ isSilent }) => isSilent) ??
      (crowd.length > usualOnConnection && crowd.length >= here + 2 ? crowd.at(-1) : undefined)
    )
  }
}

/** The streams of the connection that has most of them. */
function crowdOf(streams: readonly Taken[]): readonly Taken[] {
  return [...Map.groupBy(streams, ({ connection }) => connection).values()].reduce(
    (most, each) => (each.length > most.length ? each : most),
    [],
  )
}
