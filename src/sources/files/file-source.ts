import { stat } from 'node:fs/promises'
import type { MayBeRead } from '../../manifest/kubernetes-object.ts'
import { parseManifestsInTurns } from '../../manifest/yaml.ts'
import { FileRoot } from './root.ts'
import { reasonOf } from './scan.ts'
import { joinFiles, sameState } from './state.ts'
import type { Contribution } from './held-file.ts'
import { readPipe, readStream, UnsuitableFile } from './read-text.ts'
import { UsageError } from '../../errors.ts'
import type { Source, SourceState } from '../source.ts'
import { realClock } from '../../clock.ts'
import type { After } from '../../clock.ts'

export interface FileSourceOptions {
  /** Files and directories; `-` is standard input. Diagnostics show them as they are written here. */
  readonly paths: readonly string[]
  readonly readStandardInput?: () => Promise<string>
  /**
   * Milliseconds that a file must be left alone before a change in place that takes something away is
   * believed; see partial-write.ts.
   */
  readonly settleAfter?: number
  readonly after?: After
  /**
   * The objects that matter here: mistakes in others, and duplicates of them, are not errors. Absent: all.
   */
  readonly mayBeRead?: MayBeRead
}

const defaultSettleAfter = 2_000
/** Milliseconds between two scans without an event, for file systems that have no events. */
const lookEvery = 10_000

/**
 * Keeps manifests in step with files and directories: it scans when an event arrives, and again if something
 * changed meanwhile.
 */
export function createFileSource(options: FileSourceOptions): Source {
  return new FileSource(options)
}

class FileSource implements Source {
  readonly #options: FileSourceOptions
  readonly #after: After
  readonly #roots: FileRoot[] = []
  readonly #readOnce: Contribution[] = []
  #state: SourceState = { manifests: new Map(), diagnostics: [], outage: undefined }
  #listener: ((state: SourceState) => void) | undefined
  /** The state that `start` or the listener was given last. */
  #told: SourceState | undefined
  #phase: 'new' | 'idle' | 'scheduled' | 'busy' | 'closed' = 'new'
  #woken = false
  #work: Promise<void> = Promise.resolve()
  #cancelLook: (() => void) | undefined

  constructor(options: FileSourceOptions) {
    this.#options = options
    this.#after = options.after ?? realClock.after
  }

  async start(): Promise<SourceState> {
    try {
      for (const path of new Set(this.#options.paths)) await this.#open(path)
    } catch (thrown) {
      await this.close()
      throw thrown
    }
    this.#state = this.#join()
    this.#told = this.#state
    this.#phase = 'idle'
    this.#lookLater()
    if (this.#woken) this.#wake()
    return this.#state
  }

  onChange(listener: (state: SourceState) => void): void {
    this.#listener = listener
    if (this.#told !== undefined) this.#wake()
  }

  async close(): Promise<void> {
    this.#phase = 'closed'
    this.#cancelLook?.()
    for (const root of this.#roots) root.close()
    await this.#work
    for (const root of this.#roots) root.close()
  }

  async #open(path: string): Promise<void> {
    if (path === '-') {
      const readStandardInput = this.#options.readStandardInput ?? (() => readStream(process.stdin))
      this.#readOnce.push(
        await this.#onceRead('<stdin>', await orUsageError('standard input', readStandardInput())),
      )
      return
    }
    const stats = await stat(path).catch((thrown: unknown) => {
      throw new UsageError(`${path} cannot be read: ${reasonOf(thrown)}`)
    })
    if (!stats.isFile() && !stats.isDirectory()) {
      this.#readOnce.push(await this.#onceRead(path, await orUsageError(path, readPipe(path))))
      return
    }
    const root = new FileRoot({
      path,
      paths: this.#options.paths,
      after: this.#after,
      mayBeRead: this.#options.mayBeRead,
      settleAfter: this.#options.settleAfter ?? defaultSettleAfter,
      wake: () => this.#wake(),
    })
    this.#roots.push(root)
    await root.start()
  }

  async #onceRead(path: string, content: string): Promise<Contribution> {
    const { manifests, diagnostics } = await parseManifestsInTurns(path, content, {
      mayBeRead: this.#options.mayBeRead,
    })
    return { path, real: path, manifests, leaving: [], diagnostics }
  }

  /** At once when idle; what comes while busy is one more round. */
  #wake(): void {
    this.#woken = true
    if (this.#phase !== 'idle') return
    this.#phase = 'scheduled'
    setImmediate(() => {
      if (this.#phase !== 'scheduled') return
      this.#phase = 'busy'
      this.#work = this.#refresh()
    })
  }

  async #refresh(): Promise<void> {
    while (this.#woken && this.#phase === 'busy') {
      this.#woken = false
      for (const root of this.#roots) await root.refresh()
      this.#publish()
    }
    if (this.#phase === 'busy') this.#phase = 'idle'
  }

  #publish(): void {
    if (this.#phase !== 'busy') return
    const state = this.#join()
    if (!sameState(state, this.#state)) this.#state = state
    if (this.#listener === undefined || this.#told === this.#state) return
    this.#told = this.#state
    this.#listener(this.#state)
  }

  #join(): SourceState {
    const outages = this.#roots.map((root) => root.outage).filter((outage) => outage !== undefined)
    return joinFiles([...this.#readOnce, ...this.#roots.flatMap((root) => root.contributions())], {
      outages,
      mayBeRead: this.#options.mayBeRead ?? (() => true),
    })
  }

  #lookLater(): void {
    this.#cancelLook = this.#after(lookEvery, () => {
      for (const root of this.#roots) root.look()
      this.#lookLater()
    })
  }
}

async function orUsageError(path: string, reading: Promise<string>): Promise<string> {
  return reading.catch((thrown: unknown) => {
    throw thrown instanceof UnsuitableFile
      ? new UsageError(`${path} cannot be read: ${thrown.message}`)
      : thrown
  })
}
