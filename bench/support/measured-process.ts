import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { parseHostPort } from '../../src/control-plane/config.ts'
import type { HostPort } from '../../src/envoy/bootstrap.ts'

export interface ProcessOptions {
  readonly command: string
  readonly args: readonly string[]
  /** Finds `host:port` in the line that says where it listens. */
  readonly listening: RegExp
  readonly signal: AbortSignal
}

/** A server that is measured, as a process of its own, spoken to by lines. */
export interface MeasuredProcess {
  readonly pid: number
  readonly xds: HostPort
  /** Writes a line to its standard input. */
  write(line: string): void
  /** The next line from now on that matches. Rejects when the process has ended. */
  line(pattern: RegExp): Promise<string>
  /** Ends its input, then SIGTERM, then SIGKILL; resolves when the process has ended. */
  close(): Promise<void>
}

const killAfter = 10_000

/** Starts it; resolves when it listens, rejects when it ends before that. */
export async function startMeasured({
  command,
  args,
  listening,
  signal,
}: ProcessOptions): Promise<MeasuredProcess> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const waiting = new Set<{
    readonly pattern: RegExp
    readonly resolve: (line: string) => void
    readonly reject: (error: Error) => void
  }>()
  const kill = (): void => void child.kill('SIGKILL')
  signal.addEventListener('abort', kill)
  process.once('exit', kill)
  const ended = once(child, 'close')
    .catch(() => undefined)
    .finally(() => {
      signal.removeEventListener('abort', kill)
      process.off('exit', kill)
      for (const { reject } of waiting)
        reject(
          signal.reason instanceof Error
            ? signal.reason
            : new Error(`${command} ${args.join(' ')} ended by itself`),
        )
    })
  child.stdin.on('error', () => undefined)
  createInterface({ input: child.stdout }).on('line', (text) => {
    for (const each of [...waiting]) {
      if (!each.pattern.test(text)) continue
      waiting.delete(each)
      each.resolve(text)
    }
  })
  const line = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      waiting.add({ pattern, resolve, reject })
    })
  const address = listening.exec(await line(listening))?.[1] ?? ''
  return {
    pid: child.pid ?? 0,
    xds: parseHostPort('xDS address', address),
    write: (text) => void child.stdin.write(`${text}\n`),
    line,
    close: async () => {
      child.stdin.end()
      child.kill('SIGTERM')
      const timer = setTimeout(kill, killAfter)
      await ended.finally(() => clearTimeout(timer))
    },
  }
}

/**
 * Arguments of Node for a program: with a folder, a CPU profile is written there when the program ends by
 * itself.
 */
export function nodeArgs(program: string, profile: string | undefined): readonly string[] {
  return [...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]), program]
}
