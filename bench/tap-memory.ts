/**
 * The memory that a tap costs the control plane: `node bench/tap-memory.ts [--seconds 60] [--rate 200]
 * [--body 1000000]`. Requests with large bodies go to the recorder of a tap, once with `shadowplane tap`
 * taking them, once with a watcher that takes almost nothing. No Envoy.
 */
import { spawn } from 'node:child_process'
import { Agent, get, request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { table } from '../src/demo/display.ts'
import { mib } from './support/figures.ts'
import { usageOf } from './support/process-usage.ts'
import { mainProgram, startServe } from './support/serve-process.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    rate: { type: 'string', default: '200' },
    body: { type: 'string', default: '1000000' },
  },
})
const [seconds, rate, size] = [Number(values.seconds), Number(values.rate), Number(values.body)]

interface Watcher {
  /** `host:port` of the recorder. */
  readonly recorder: string
  /** Ends the tap; resolves with what its watcher said of it. */
  close(): Promise<string>
}

interface Run {
  readonly watcher: string
  readonly sent: number
  readonly failed: number
  readonly said: string
  /** Resident memory of the control plane in bytes, once a second. */
  readonly memory: readonly number[]
  readonly peak: number
}

async function taking(admin: string): Promise<Watcher> {
  const child = spawn(
    process.execPath,
    [mainProgram, 'tap', '--admin', admin, '--format', 'gor', '--output', '/dev/null'],
    { stdio: ['ignore', 'inherit', 'pipe'] },
  )
  const state = { said: '' }
  const ended = new Promise((resolve) => child.once('close', resolve))
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    state.said += text
  })
  const list = async (): Promise<readonly { readonly recorder: string }[]> =>
    (
      (await (await fetch(`http://${admin}/v1/taps`)).json()) as {
        readonly taps?: [{ readonly recorder: string }]
      }
    ).taps ?? []
  let taps = await list()
  for (; taps.length === 0; taps = await list()) await pause(50)
  return {
    recorder: taps[0]?.recorder ?? '',
    async close() {
      child.kill('SIGINT')
      await ended
      return state.said.trim().split('\n').at(-1) ?? ''
    },
  }
}

/** Takes a little once a second, so that it is not cut off. */
async function hanging(admin: string): Promise<Watcher> {
  const url = `http://${admin}/v1/taps`
  const { id, recorder } = (await (await fetch(url, { method: 'POST' })).json()) as {
    readonly id: string
    readonly recorder: string
  }
  const response = await new Promise<IncomingMessage>((resolve) => {
    get(`${url}/${id}/events`, resolve)
  })
  const state = { text: '' }
  const take = (bytes?: number): void => {
    state.text = (state.text + String(response.read(bytes) ?? '')).slice(-200_000)
  }
  const timer = setInterval(() => {
    take(200_000)
    void fetch(`${url}/${id}/renew`, { method: 'POST' }).then((answer) => answer.text())
  }, 1000)
  return {
    recorder,
    async close() {
      clearInterval(timer)
      await fetch(`${url}/${id}`, { method: 'DELETE' })
      for await (const chunk of response as AsyncIterable<Buffer>)
        state.text = (state.text + chunk.toString()).slice(-200_000)
      const [, received, dropped] = /"received":"(\d+)","dropped":"(\d+)","ended"/.exec(state.text) ?? []
      return `${received} received, ${dropped} of them dropped`
    },
  }
}

async function run(watcher: string, watch: (admin: string) => Promise<Watcher>): Promise<Run> {
  const serve = await startServe({
    paths: [join(import.meta.dirname, '../examples/istio-cross-cluster')],
    signal: new AbortController().signal,
  })
  try {
    const tap = await watch(serve.of('listening')[0]?.admin ?? '')
    const [host, port] = tap.recorder.split(':')
    const agent = new Agent({ keepAlive: true, maxSockets: 32 })
    const body = Buffer.alloc(size, 'shadowplane ')
    const counts = { sent: 0, failed: 0 }
    const underWay = new Set<Promise<void>>()
    const post = (): Promise<void> =>
      new Promise((resolve) => {
        const failed = (): void => {
          counts.failed += 1
          resolve()
        }
        request({ agent, host, port, method: 'POST', path: `/${counts.sent}` }, (response) => {
          response.resume().once('end', resolve)
        })
          .once('error', failed)
          .end(body)
      })
    const memory = [usageOf(serve.pid).memory]
    const start = performance.now()
    while (performance.now() - start < seconds * 1000) {
      const due = Math.floor(((performance.now() - start) * rate) / 1000)
      for (; counts.sent < due && underWay.size < 64; counts.sent += 1) {
        const sent: Promise<void> = post().finally(() => underWay.delete(sent))
        underWay.add(sent)
      }
      if (memory.length <= (performance.now() - start) / 1000) memory.push(usageOf(serve.pid).memory)
      await pause(2)
    }
    await Promise.all(underWay)
    memory.push(usageOf(serve.pid).memory)
    const said = await tap.close()
    agent.destroy()
    return { watcher, ...counts, said, memory, peak: usageOf(serve.pid).peak }
  } finally {
    await serve.close()
  }
}

const runs = [await run('taken by shadowplane tap', taking), await run('hardly taken at all', hanging)]
const at = ({ memory }: Run, share: number): string =>
  mib(memory[Math.floor((memory.length - 1) * share)] ?? Number.NaN)
const rows = runs.map((each) => [
  each.watcher,
  String(each.sent),
  String(each.failed),
  at(each, 0),
  at(each, 0.25),
  at(each, 0.5),
  at(each, 0.75),
  at(each, 1),
  mib(each.peak),
])
console.log(`${rate} requests a second with ${size} bytes for ${seconds} s; memory of the control plane`)
for (const line of table([['', 'sent', 'failed', 'start', '1/4', 'middle', '3/4', 'end', 'peak'], ...rows]))
  console.log(line)
for (const each of runs) console.log(`${each.watcher}: ${each.said}`)
