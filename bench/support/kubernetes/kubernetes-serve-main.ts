/**
 * A control plane that reads a cluster and measures itself: `node kubernetes-serve-main.ts KUBECONFIG`. One
 * JSON object a line; each line of its input asks for one.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import { defaultSettings } from '../../../src/control-plane/config.ts'
import { startControlPlane } from '../../../src/control-plane/control-plane.ts'
import type { ControlPlaneEvent } from '../../../src/control-plane/control-plane.ts'

const [kubeconfig = ''] = process.argv.slice(2)
const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
const began = performance.now()
let pushed = 0
let bytes = 0
let objects = 0
let peak = 0

function observe(event: ControlPlaneEvent): void {
  if (event.kind === 'pushed') {
    pushed += 1
    bytes += event.bytes
  }
  if (event.kind === 'config-changed') objects += event.objects
}

/** The figures since the last request for them: delays in milliseconds, memory in bytes. */
function tell(what: string): void {
  globalThis.gc?.()
  const { rss, heapUsed } = process.memoryUsage()
  process.stdout.write(
    `${JSON.stringify({
      what,
      after: performance.now() - began,
      p99: delay.percentile(99) / 1e6,
      longest: delay.max / 1e6,
      rss,
      peak,
      heap: heapUsed,
      pushed,
      bytes,
      objects,
      xds: plane.xdsAddress,
    })}\n`,
  )
  delay.reset()
  pushed = 0
  bytes = 0
}

setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss())
}, 50).unref()
const plane = await startControlPlane(
  {
    paths: [],
    kubernetes: { kubeconfig, namespaces: [] },
    listen: '127.0.0.1:0',
    admin: '127.0.0.1:0',
    settings: defaultSettings,
  },
  observe,
)
tell('ready')
createInterface({ input: process.stdin })
  .on('line', (line) => {
    tell(line)
  })
  .on('close', () => {
    void plane.close()
  })
