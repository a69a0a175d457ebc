/** Loaded into a server that is measured (`--import`): answers "stall" with how long its event loop stood still at most since the last one. */
import { performance } from 'node:perf_hooks'

const step = 10 // milliseconds between looks
let [last, longest] = [performance.now(), 0]
const look = (): void => {
  const now = performance.now()
  longest = Math.max(longest, now - last - step)
  last = now
}
setInterval(look, step).unref()
process.on('message', (message) => {
  if (message !== 'stall') return
  look()
  process.send?.({ stall: longest })
  longest = 0
})
// The channel alone keeps no server alive.
process.channel?.unref()
