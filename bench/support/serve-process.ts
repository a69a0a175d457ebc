import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseHostPort } from '../../src/control-plane/config.ts'
import type { ControlPlaneEvent } from '../../src/control-plane/control-plane.ts'
import type { HostPort } from '../../src/envoy/bootstrap.ts'
import { waitFor } from '../../src/demo/wait.ts'

/** An event as `--log json` prints it: resources by name, and the time in milliseconds since 1970. */
export type LoggedEvent = Logged<ControlPlaneEvent> & { readonly at: number }
type Logged<E> = E extends { readonly kind: 'nacked' }
  ? Omit<E, 'resources'> & { readonly resources: readonly string[] }
  : E
export type EventOf<K extends LoggedEvent['kind']> = Extract<LoggedEvent, { readonly kind: K }>

/** A running `shadowplane serve`. */
export interface ServeProcess {
  readonly pid: number
  readonly xds: HostPort
  /** Everything that it logged, in order. */
  readonly events: readonly LoggedEvent[]
  /** The events of one kind, from a position in `events` on. */
  of<K extends LoggedEvent['kind']>(kind: K, from?: number): readonly EventOf<K>[]
  /** Waits for an event of a kind, from a position in `events` on. Rejects with what was awaited. */
  until<K extends LoggedEvent['kind']>(
    kind: K,
    from: number,
    matches?: (event: EventOf<K>) => boolean,
  ): Promise<EventOf<K>>
  /** SIGKILL; resolves when the process has ended. */
  kill(): Promise<void>
  /** SIGTERM, SIGKILL after a while; resolves when the process has ended. Safe to call twice. */
  close(): Promise<void>
}

export interface ServeOptions {
  readonly paths: readonly string[]
  /** More of the command line. */
  readonly flags?: readonly string[]
  /** `host:port`; default: a free port of loopback. */
  readonly listen?: string
  /** Path of the program; absent: `main.ts` of these sources. */
  readonly program?: string | undefined
  readonly signal: AbortSignal
}

export const mainProgram = join(import.meta.dirname, '../../src/main.ts')
const startTimeout = 30_000
const killAfter = 5_000

/**
 * Starts `serve` as a process of its own; resolves when it listens, rejects with its own words when it does
 * not.
 */
export async function startServe({
  paths,
  flags = [],
  listen = '127.0.0.1:0',
  program = mainProgram,
  signal,
}: ServeOptions): Promise<ServeProcess> {
  const args = [
    program,
    'serve',
    ...(paths.length === 0 ? [] : ['--config', ...paths]),
    ...flags,
    '--listen',
    listen,
    '--admin',
    '127.0.0.1:0',
    '--log',
    'json',
  ]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const killWithUs = (): void => void child.kill('SIGKILL')
  process.once('exit', killWithUs)
  const state = { stderr: '', running: true }
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    state.stderr += text
  })
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      state.running = false
      process.off('exit', killWithUs)
      resolve()
    }
    // 'error' alone is emitted for a program that cannot be started.
    child.once('error', end).once('close', end)
  })
  const events: LoggedEvent[] = []
  createInterface({ input: child.stdout }).on('line', (line) => events.push(read(line)))

  const of = <K extends LoggedEvent['kind']>(kind: K, from = 0): readonly EventOf<K>[] =>
    events.slice(from).filter((event): event is EventOf<K> => event.kind === kind)
  const until: ServeProcess['until'] = (kind, from, matches = () => true) =>
    waitFor({
      what: `an event "${kind}"`,
      timeout: startTimeout,
      signal,
      look: () => {
        const found = of(kind, from).find(matches)
        if (found === undefined && !state.running)
          throw new Error(`serve ended by itself: ${state.stderr.trim()}`)
        return found
      },
    })
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
  }
  const close = async (): Promise<void> => {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), killAfter)
    await ended.finally(() => clearTimeout(timer))
  }
  try {
    const { xds } = await until('listening', 0)
    return { pid: child.pid ?? 0, xds: parseHostPort('xDS address', xds), events, of, until, kill, close }
  } catch (error) {
    await kill()
    throw error
  }
}

function read(line: string): LoggedEvent {
  const { time, ...event } = JSON.parse(line) as Logged<ControlPlaneEvent> & { readonly time: string }
  return { ...event, at: Date.parse(time) }
}
