import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setPriority } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../free-port.ts'

export const backendKinds = ['healthy', 'hangs', 'slow', 'resets', 'endless', 'refuses'] as const
export type BackendKind = (typeof backendKinds)[number]

export function isBackendKind(text: string): text is BackendKind {
  return backendKinds.some((kind) => kind === text)
}

/** A backend as a process of its own, so that what it does takes no time of the client's. */
export interface SickBackend {
  readonly port: number
  /** Ends every answer that it owes; resolves when it has. */
  end(): Promise<void>
  close(): Promise<void>
}

const program = join(import.meta.dirname, 'backend-main.ts')

/** `nice`: from 0 to 19, as nice(1); a shadow gets what the client and the primary leave. */
export async function startBackend(kind: BackendKind, nice: number): Promise<SickBackend> {
  if (kind === 'refuses')
    return { port: await freePort(), end: () => Promise.resolve(), close: () => Promise.resolve() }
  const child = fork(program, [kind], { execArgv: [] })
  const [{ port }] = (await once(child, 'message')) as [{ readonly port: number }]
  if (child.pid !== undefined) setPriority(child.pid, nice)
  return {
    port,
    end: async () => {
      const ended = once(child, 'message')
      child.send('end')
      await ended
    },
    close: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}
