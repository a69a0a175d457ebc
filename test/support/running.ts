import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { projectRoot } from './command.ts'
import { patience, within } from './within.ts'

/** `shadowplane` as a process that runs until a signal; it ends with the test at the latest. */
export interface Running {
  stdout(): string
  stderr(): string
  /**
   * Waits until standard output satisfies the condition, which is tried after each part of it. Rejects if
   * the process ends before.
   */
  until(what: string, condition: (stdout: string) => boolean): Promise<void>
  /** Its output, once it has ended; undefined before. */
  remains(): string | undefined
  /** SIGINT; the exit status. */
  interrupt(): Promise<number | null>
  /** Sends a signal, and does not wait for what comes of it. */
  signal(name: NodeJS.Signals): void
  /** The exit status, once the process has ended; null if a signal ended it. */
  ended(): Promise<number | null>
  /** Closes the reading end of its output, as a log shipper does that ends. */
  closeReader(name: 'stdout' | 'stderr'): Promise<void>
}

export function running(args: readonly string[]): Running {
  const child = spawn(process.execPath, [join(projectRoot, 'src/main.ts'), ...args], {
    cwd: projectRoot,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  const waiting = new Set<() => void>()
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text
    for (const look of [...waiting]) look()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text
  })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  let isOver = false
  void ended.finally(() => {
    isOver = true
  })
  return {
    remains: () => (isOver ? `${output.stdout}${output.stderr}` : undefined),
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    until: (what, condition) =>
      within(
        patience,
        what,
        new Promise((resolve, reject) => {
          const look = (): void => {
            if (!condition(output.stdout)) return
            waiting.delete(look)
            resolve()
          }
          waiting.add(look)
          child.once('close', (status) => {
            reject(new Error(`ended with ${status} before ${what}: ${output.stdout}${output.stderr}`))
          })
          look()
        }),
      ),
    interrupt() {
      child.kill('SIGINT')
      return within(patience, 'the end of the process', ended)
    },
    signal(name) {
      child.kill(name)
    },
    ended: () => within(patience, 'the end of the process', ended),
    async closeReader(name) {
      const closed = once(child[name], 'close')
      child[name].destroy()
      await closed
    },
  }
}
