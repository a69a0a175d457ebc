/** One lane of bench/accepted-by-envoy.ts: a process with proxies of its own, which ends with its parent. */
import { runConfigurations } from './run.ts'
import type { LaneData, LaneMessage } from './lanes.ts'

const stopped = new AbortController()
process.once('disconnect', () => stopped.abort(new Error('stopped')))
// The parent hears of a signal too, and says when to stop.
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => {})
/** Resolves when the message is on its way. */
function tell(message: LaneMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve()
    else process.send(message, undefined, undefined, () => resolve())
  })
}

process.once('message', (data: LaneData) => {
  void run(data)
})

async function run(data: LaneData): Promise<void> {
  try {
    const result = await runConfigurations({
      ...data,
      signal: stopped.signal,
      progress: (done) => {
        void tell({ kind: 'progress', done })
      },
    })
    await tell({ kind: 'result', result })
  } catch (error) {
    if (!stopped.signal.aborted) console.error(error)
    process.exitCode = 1
  }
  if (process.connected) process.disconnect()
}
