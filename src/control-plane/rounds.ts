import { setImmediate as immediate } from 'node:timers/promises'
import type { FlushReport } from '../collection/graph.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'

/** Milliseconds of computing before streams, probes and watches get a turn. */
const slice = 8

type Phase =
  | { readonly kind: 'idle' }
  /** `done` resolves when no change is pending. */
  | { readonly kind: 'computing'; readonly done: Promise<void> }
  | { readonly kind: 'closed' }

/**
 * The rounds of the control plane: changes are collected, computed in slices, and published when all of a
 * round is done. A small edit is computed at once. A large one yields to the event loop between slices, and
 * nobody sees it half-computed. Changes that arrive meanwhile belong to the next round, so that a storm of
 * them delays nothing.
 */
export class Rounds {
  readonly #pipeline: Pick<Pipeline, 'prepare' | 'prepared' | 'isDue'>
  readonly #publish: (report: FlushReport, milliseconds: number) => void
  #phase: Phase = { kind: 'idle' }
  /** Whether something has changed since the last round began. */
  #isPending = false
  /** Milliseconds of computing in this round. */
  #spent = 0

  constructor(
    pipeline: Pick<Pipeline, 'prepare' | 'prepared' | 'isDue'>,
    publish: (report: FlushReport, milliseconds: number) => void,
  ) {
    this.#pipeline = pipeline
    this.#publish = publish
  }

  /** Begins a round when `turn` resolves; a round under way is followed by another one. */
  begin(turn: Promise<void>): void {
    if (this.#phase.kind === 'closed') return
    this.#isPending = true
    if (this.#phase.kind === 'idle')
      this.#phase = { kind: 'computing', done: turn.then(() => this.#computeAll()) }
  }

  /** Computes and publishes every pending change in one piece. */
  catchUp(): void {
    while (this.#pipeline.isDue) this.#compute(() => true)
    this.#finish()
  }

  /** Resolves when no change is pending. */
  async settled(): Promise<void> {
    if (this.#phase.kind === 'computing') await this.#phase.done
  }

  /** Ends after the present slice. */
  close(): void {
    this.#phase = { kind: 'closed' }
  }

  async #computeAll(): Promise<void> {
    while (this.#isPending || this.#pipeline.isDue) {
      this.#isPending = false
      while (!this.#computeSlice()) {
        await immediate()
        if (this.#isClosed) return
      }
      this.#finish()
      await immediate()
      if (this.#isClosed) return
    }
    this.#phase = { kind: 'idle' }
  }

  get #isClosed(): boolean {
    return this.#phase.kind === 'closed'
  }

  /** True if the round is complete. */
  #computeSlice(): boolean {
    const end = performance.now() + slice
    return this.#compute(() => performance.now() < end)
  }

  #compute(goOn: () => boolean): boolean {
    const begun = performance.now()
    const isDone = this.#pipeline.prepare(goOn)
    this.#spent += performance.now() - begun
    return isDone
  }

  #finish(): void {
    const begun = performance.now()
    const report = this.#pipeline.prepared()
    const milliseconds = this.#spent + performance.now() - begun
    this.#spent = 0
    this.#publish(report, milliseconds)
  }
}
