import { join } from 'node:path'
import { Command, Option } from 'commander'
import { defaultSettings, parseHostPort } from '../config.ts'
import { startControlPlane } from '../control-plane.ts'
import { playDemo } from '../demo/demo.ts'
import { display } from '../demo/display.ts'
import type { DemoControlPlane } from '../demo/stage.ts'
import { DemoFailure } from '../demo/wait.ts'
import { findEnvoy } from '../envoy/binary.ts'
import { UsageError } from '../sources/source.ts'

interface Flags {
  readonly once?: true
  readonly envoy?: string
  readonly rate: number
  readonly requests: number
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const example = join(import.meta.dirname, '../../examples/istio-cross-cluster')

/** `shadowplane demo`: the cross-cluster example with real traffic through a real Envoy. Exit status 1 when an expectation did not hold. */
export function demoCommand(): Command {
  return new Command('demo')
    .summary('watch a real Envoy mirror live traffic')
    .description(`Starts three small backends, the control plane over a copy of the example istio-cross-cluster, and a real Envoy; \
drives requests through it, and edits the VirtualService on the way: 50, 10, 100, an invalid 150, 50 % mirrored. \
Then it stays up, to be tried by hand. Everything listens on free ports of 127.0.0.1 and is gone afterwards.

Without an Envoy on this machine, one is downloaded once.`)
    .option('--once', 'end after the round; exit status 0 only if every expectation held')
    .option('--envoy <file>', 'the Envoy to run (default: $ENVOY_BIN, PATH, the cache, else a download)')
    .addOption(new Option('--rate <number>', 'requests a second').argParser(positive('--rate')).default(500))
    .addOption(new Option('--requests <number>', 'requests counted at each percentage').argParser(positive('--requests')).default(1000))
    .action(demo)
}

async function demo(flags: Flags): Promise<void> {
  const out = display(process.stdout)
  const { path } = await findEnvoy({ flag: flags.envoy, env: process.env, progress: (line) => console.error(line) })
  const stopped = new AbortController()
  const stop = (): void => stopped.abort()
  for (const name of signals) process.once(name, stop)
  // Whoever read the output has gone.
  process.stdout.on('error', stop)
  const options = {
    binary: path, example, startControlPlane: controlPlaneOver, display: out,
    rate: flags.rate, requests: flags.requests, afterwards: flags.once === true ? 'leave' : 'stay', signal: stopped.signal,
  } as const
  try {
    const held = await playDemo(options)
    process.exitCode = held ? 0 : 1
  } catch (error) {
    process.exitCode = 1
    if (stopped.signal.aborted) return out.line('stopped before the end of the round')
    if (!(error instanceof DemoFailure)) throw error
    out.line(`the demo failed: ${error.message}`)
  } finally {
    for (const name of signals) process.off(name, stop)
  }
}

async function controlPlaneOver(folder: string, report: (error: string) => void): Promise<DemoControlPlane> {
  const config = { paths: [folder], listen: '127.0.0.1:0', admin: '127.0.0.1:0', settings: defaultSettings }
  const { xdsAddress, adminAddress, close } = await startControlPlane(config, (event) => {
    if (event.kind !== 'diagnostics') return
    for (const { severity, text } of event.added) if (severity === 'error') report(text)
  })
  return { xds: parseHostPort('xDS address', xdsAddress), adminAddress, close }
}

function positive(flag: string): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!Number.isInteger(value) || value < 1) throw new UsageError(`${flag} ${text}: write a whole number from 1 up`)
    return value
  }
}
