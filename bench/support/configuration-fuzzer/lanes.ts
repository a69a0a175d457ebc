import { fork } from 'node:child_process'
import { join } from 'node:path'
import type { RunOptions, RunResult } from './run.ts'

/** The instructions for a lane. */
export type LaneData = Omit<RunOptions, 'signal' | 'progress'>
export type LaneMessage =
  | { readonly kind: 'progress'; readonly done: number }
  | { readonly kind: 'result'; readonly result: RunResult }

export interface LanesOptions extends Omit<LaneData, 'addresses'> {
  readonly lanes: number
  readonly signal: AbortSignal
  readonly progress: (done: number) => void
}

/**
 * Checks the configurations in several processes, each with a share of them, a seed and proxies of its own;
 * ids count on from lane to lane.
 */
export async function runLanes({ lanes, signal, progress, ...options }: LanesOptions): Promise<RunResult> {
  const done = new Map<number, number>()
  const shares = Array.from(
    { length: lanes },
    (_, lane) => Math.floor(options.count / lanes) + Number(lane < options.count % lanes),
  )
  const results = await Promise.all(
    shares.map((count, lane) =>
      runLane({
        data: { ...options, count, seed: options.seed + lane, addresses: addressesOf(lane) },
        signal,
        progress: (share) => {
          done.set(lane, share)
          progress([...done.values()].reduce((sum, each) => sum + each, 0))
        },
      }),
    ),
  )
  const total = (field: 'valid' | 'halfValid' | 'accepted'): number =>
    results.reduce((sum, each) => sum + each[field], 0)
  return {
    valid: total('valid'),
    halfValid: total('halfValid'),
    accepted: total('accepted'),
    found: results.flatMap(({ found }, lane) =>
      found.map((each) => ({
        ...each,
        subject: {
          ...each.subject,
          place: { ...each.subject.place, id: each.subject.place.id * lanes + lane },
        },
      })),
    ),
  }
}

/**
 * An address of the loopback network 127.0.0.0/8, different for each process and lane, so that their
 * listeners never meet.
 */
export function addressesOf(lane: number): readonly [string, string] {
  const network = `127.${64 + ((process.pid >> 8) % 128)}.${process.pid % 256}`
  return [`${network}.${lane * 2 + 1}`, `${network}.${lane * 2 + 2}`]
}

interface Lane {
  readonly data: LaneData
  readonly signal: AbortSignal
  readonly progress: (done: number) => void
}

function runLane({ data, signal, progress }: Lane): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const lane = fork(join(import.meta.dirname, 'lane-main.ts'), { serialization: 'advanced' })
    const stop = (): void => {
      if (lane.connected) lane.disconnect()
    }
    signal.addEventListener('abort', stop, { once: true })
    lane.on('message', (message: LaneMessage) => {
      if (message.kind === 'progress') progress(message.done)
      else resolve(message.result)
    })
    lane.on('error', reject)
    lane.on('exit', () => {
      signal.removeEventListener('abort', stop)
      reject(signal.aborted ? (signal.reason as Error) : new Error('a lane ended without a result'))
    })
    lane.send(data)
  })
}
