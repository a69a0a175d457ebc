import { fork } from 'node:child_process'
import { join } from 'node:path'
import type { LoadCall, LoadCommand, LoadCommands, LoadReply } from './protocol.ts'

/** A process that holds many xDS streams and behaves on each as an Envoy does. */
export interface LoadClient {
  readonly pid: number
  /** Runs one command; rejects with its error, or when the process has ended. */
  run<C extends LoadCommand>(
    command: C,
    options: Parameters<LoadCommands[C]>[0],
  ): Promise<ReturnType<LoadCommands[C]>>
  close(): Promise<void>
}

interface Waiting {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

const program = join(import.meta.dirname, 'client-main.ts')

export function startLoadClient(signal: AbortSignal): LoadClient {
  const child = fork(program, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
    signal,
    killSignal: 'SIGKILL',
  })
  const waiting = new Map<number, Waiting>()
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      for (const { reject } of waiting.values()) reject(new Error('the load client has ended'))
      waiting.clear()
      resolve()
    }
    child.once('error', end).once('close', end)
  })
  child.on('message', (reply: LoadReply) => {
    const call = waiting.get(reply.id)
    waiting.delete(reply.id)
    if ('error' in reply) call?.reject(new Error(reply.error))
    else call?.resolve(reply.result)
  })
  let calls = 0
  const send = (call: Omit<LoadCall, 'id'>): Promise<unknown> =>
    new Promise((resolve, reject) => {
      calls += 1
      waiting.set(calls, { resolve, reject })
      child.send({ id: calls, ...call }, (error) => {
        if (error !== null) reject(error)
      })
    })
  return {
    pid: child.pid ?? 0,
    run: async (command, options) =>
      (await send({ command, options })) as ReturnType<LoadCommands[typeof command]>,
    close: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}
