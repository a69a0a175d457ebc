import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseHostPort } from '../../../src/control-plane/config.ts'

/** A server of some checkout that is measured while it is attacked. */
export interface AttackedServer {
  readonly pid: number
  readonly host: string
  readonly port: number
  /** Bytes that it wrote to its log until now. */
  readonly logged: () => number
  /** Sends a message to its program. */
  send(message: object): void
  /**
   * How long its event loop stood still at most since the last call; rejects when it does not answer in time.
   */
  stall(): Promise<Stall>
  /** True until the process ends. */
  readonly isRunning: () => boolean
  /** SIGKILL; resolves when the process has ended. */
  close(): Promise<void>
}

/**
 * The longest time between two turns of an event loop, in milliseconds: by the clock, and of its own work.
 */
export interface Stall {
  readonly time: number
  readonly work: number
}

export interface AttackedServerOptions {
  /** Folder of the checkout. */
  readonly program: string
  /** The part of it that runs: its `serve` with these arguments, or the library. */
  readonly run: { readonly serve: readonly string[] } | 'library'
  readonly signal: AbortSignal
}

const startTimeout = 60_000
/** Milliseconds of a blocked event loop after which a run ends. */
export const stallTimeout = 60_000

export async function startAttacked({
  program,
  run,
  signal,
}: AttackedServerOptions): Promise<AttackedServer> {
  const probe = join(import.meta.dirname, 'loop-delay-probe.ts')
  const main =
    run === 'library'
      ? [join(import.meta.dirname, 'attacked-library-main.ts'), program]
      : [
          join(program, 'src/main.ts'),
          'serve',
          '--listen',
          '127.0.0.1:0',
          '--admin',
          '127.0.0.1:0',
          '--log',
          'json',
          ...run.serve,
        ]
  const child = spawn(process.execPath, ['--import', probe, ...main], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const kill = (): void => {
    child.kill('SIGKILL')
  }
  signal.addEventListener('abort', kill)
  process.once('exit', kill)
  const { stdout, stderr } = child
  if (stdout === null || stderr === null) throw new Error('no pipes')
  const state = { running: true, logged: 0, stderr: '' }
  const ended = once(child, 'close')
    .catch(() => {})
    .finally(() => {
      state.running = false
      signal.removeEventListener('abort', kill)
      process.off('exit', kill)
    })
  child.on('error', () => {}) // a message to a process that has ended
  stderr.setEncoding('utf8').on('data', (text: string) => {
    state.stderr = (state.stderr + text).slice(-2_000)
  })
  const listening = Promise.withResolvers<string>()
  const lines = createInterface({ input: stdout })
  const find = (line: string): void => {
    const address = /^listening (\S+)$/.exec(line)?.[1] ?? /"xds":"([^"]+)"/.exec(line)?.[1]
    if (address === undefined) return
    lines.off('line', find).close()
    stdout
      .on('data', (bytes: Buffer) => {
        state.logged += bytes.length
      })
      .resume()
    listening.resolve(address)
  }
  lines.on('line', find)
  void ended.finally(() => {
    listening.reject(new Error(`the server ended by itself: ${state.stderr.trim()}`))
  })
  listening.promise.catch(() => {}) // once it listens, nobody asks
  const timer = setTimeout(() => {
    listening.reject(new Error(`the server does not listen after ${startTimeout / 1000} s`))
  }, startTimeout)
  try {
    const address = parseHostPort('xDS address', await listening.promise)
    return {
      pid: child.pid ?? 0,
      ...address,
      logged: () => state.logged,
      isRunning: () => state.running,
      send: (message) => {
        if (state.running) child.send(message)
      },
      stall: async () => {
        if (!state.running) throw new Error('the server has ended')
        const answer = once(child, 'message', { signal: AbortSignal.timeout(stallTimeout) })
        child.send('stall')
        const [{ stall }] = (await answer) as [{ readonly stall: Stall }]
        return stall
      },
      close: async () => {
        kill()
        await ended
      },
    }
  } catch (error) {
    kill()
    throw error
  } finally {
    clearTimeout(timer)
  }
}
