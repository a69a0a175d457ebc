/**
 * 10,000 generated Istio configurations, valid and half-valid, served to real Envoys as gateway and as
 * sidecar: none is refused, crashes anything or costs its neighbours anything: `node
 * bench/accepted-by-envoy.ts [--count N] [--seed N] [--lanes N] [--envoy FILE]`.
 */
import { parseArgs } from 'node:util'
import { findEnvoy } from '../src/envoy/binary.ts'
import { addressesOf, runLanes } from './support/configuration-fuzzer/lanes.ts'
import { counted, described } from './support/configuration-fuzzer/report.ts'

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '20261121' },
    lanes: { type: 'string', default: '2' },
    envoy: { type: 'string' },
  },
})
const [count, seed, lanes] = [Number(values.count), Number(values.seed), Number(values.lanes)]
const stopped = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => stopped.abort(new Error('stopped by a signal')))
const { path: binary } = await findEnvoy({
  flag: values.envoy,
  env: process.env,
  progress: (line) => {
    console.error(line)
  },
})

const started = performance.now()
const seconds = (): string => ((performance.now() - started) / 1000).toFixed(0)
const result = await runLanes({
  binary,
  seed,
  count,
  lanes,
  batch: 50,
  signal: stopped.signal,
  progress: (done) => {
    if (done % 500 < 50) console.error(`${done} of ${count} after ${seconds()} s`)
  },
})
console.log([...counted(result, seed), `in ${seconds()} s`].join('\n'))
if (result.found.length > 0) {
  console.log(
    (await described(result.found, { binary, addresses: addressesOf(lanes), signal: stopped.signal })).join(
      '\n',
    ),
  )
  process.exitCode = 1
}
