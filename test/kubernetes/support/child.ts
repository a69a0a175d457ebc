import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** A server process that a test may kill, and start again with the same arguments. */
export class Server {
  readonly #path: string
  readonly #args: readonly string[]
  #child: ChildProcess | undefined
  #said = ''

  constructor(path: string, args: readonly string[]) {
    this.#path = path
    this.#args = args
  }

  start(): void {
    this.#said = ''
    const child = spawn(this.#path, this.#args, { stdio: ['ignore', 'ignore', 'pipe'] })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-4_000)
    })
    child.on('error', (error) => {
      this.#said += error.message
    })
    this.#child = child
  }

  /** The end of what it wrote, if it has ended, and not by `kill`. */
  get ended(): string | undefined {
    return this.#child === undefined || this.#child.signalCode === 'SIGKILL' || isRunning(this.#child)
      ? undefined
      : this.#said
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Ends it at once, like a crash. Resolves when it has ended. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined || !isRunning(child)) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
}

function isRunning({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid !== undefined && exitCode === null && signalCode === null
}
