import type { Arrival } from './backend.ts'
import type { Answer } from './traffic.ts'

/** Totals of the requests of one step of the demo. */
export interface Tally {
  readonly sent: number
  readonly answered: number
  /**
   * Answers with another status than 200 or from another backend than production v1, and requests without an
   * answer.
   */
  readonly failed: number
  /** The first failure, in words. */
  readonly failure: string | undefined
  readonly copies: number
  /** Copies that kept no `-shadow` before the port of their Host. */
  readonly wrongHosts: number
}

/**
 * Joins answers and copies by the step in their request id, so that a late copy counts where its request was
 * sent.
 */
export interface Ledger {
  /** Id for the next request of a step. */
  readonly nextId: (step: string) => string
  readonly answered: (answer: Answer) => void
  /** A request as a mirror's backend saw it. */
  readonly copied: (arrival: Arrival) => void
  /** All steps together when no step is named. */
  readonly tally: (step?: string) => Tally
}

const nothing: Tally = { sent: 0, answered: 0, failed: 0, failure: undefined, copies: 0, wrongHosts: 0 }

/** `production`: who has to answer; `copyHost`: the Host that each copy has to carry. */
export function ledger(production: string, copyHost: string): Ledger {
  const tallies = new Map<string, Tally>()
  const add = (id: string, change: (tally: Tally) => Partial<Tally>): void => {
    const step = id.slice(0, id.lastIndexOf('.'))
    const tally = tallies.get(step) ?? nothing
    tallies.set(step, { ...tally, ...change(tally) })
  }
  return {
    nextId(step) {
      const { sent } = tallies.get(step) ?? nothing
      const id = `${step}.${sent}`
      add(id, () => ({ sent: sent + 1 }))
      return id
    },
    answered(answer) {
      const failure = failureOf(answer, production)
      add(answer.id, (tally) =>
        failure === undefined
          ? { answered: tally.answered + 1 }
          : { answered: tally.answered + 1, failed: tally.failed + 1, failure: tally.failure ?? failure },
      )
    },
    copied({ id, host }) {
      // Requests by hand have no id: no step owns them.
      if (id === '') return
      add(id, (tally) => ({
        copies: tally.copies + 1,
        wrongHosts: tally.wrongHosts + (host === copyHost ? 0 : 1),
      }))
    },
    tally: (step) =>
      step === undefined ? [...tallies.values()].reduce(sum, nothing) : (tallies.get(step) ?? nothing),
  }
}

function failureOf({ status, backend, error }: Answer, production: string): string | undefined {
  if (error !== undefined) return error
  if (status !== 200) return `status ${status}`
  return backend === production ? undefined : `answered by ${backend}`
}

function sum(a: Tally, b: Tally): Tally {
  return {
    sent: a.sent + b.sent,
    answered: a.answered + b.answered,
    failed: a.failed + b.failed,
    failure: a.failure ?? b.failure,
    copies: a.copies + b.copies,
    wrongHosts: a.wrongHosts + b.wrongHosts,
  }
}
