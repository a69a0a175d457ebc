/**
 * Loaded into a server that is measured (`--import`): answers "stall" with how long its event loop stood
 * still at most since the last one.
 */
import { performance } from 'node:perf_hooks'

const step = 10 // milliseconds between looks
/** Milliseconds of the main thread's own work: not what the machine does meanwhile. */
const worked = (): number => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
let [last, lastWorked, longest, hardest] = [performance.now(), worked(), 0, 0]
const look = (): void => {
  const [now, nowWorked] = [performance.now(), worked()]
  longest = Math.max(longest, now - last - step)
  hardest = Math.max(hardest, nowWorked - lastWorked)
  last = now
  lastWorked = nowWorked
}
setInterval(look, step).unref()
process.on('message', (message) => {
  if (message !== 'stall') return
  look()
  process.send?.({ stall: { time: longest, work: hardest } })
  longest = 0
  hardest = 0
})
// The channel alone keeps no server alive.
process.channel?.unref()
