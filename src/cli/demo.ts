import { join } from 'node:path'
import { defaultSettings, parseHostPort } from '../control-plane/config.ts'
import { startControlPlane } from '../control-plane/control-plane.ts'
import { playDemo } from '../demo/demo.ts'
import { display } from '../demo/display.ts'
import type { DemoControlPlane } from '../demo/stage.ts'
import { DemoFailure } from '../demo/wait.ts'
import { findEnvoy } from '../envoy/binary.ts'

/** The flags of the command, as `demo-command.ts` reads them. */
export interface DemoFlags {
  readonly once?: true
  readonly envoy?: string
  readonly rate: number
  readonly requests: number
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const example = join(import.meta.dirname, '../../examples/istio-cross-cluster')

/** Plays the demo until it is over or a signal ends it; sets the exit status. */
export async function demo(flags: DemoFlags): Promise<void> {
  const out = display(process.stdout)
  const { path } = await findEnvoy({
    flag: flags.envoy,
    env: process.env,
    progress: (line) => console.error(line),
  })
  const stopped = new AbortController()
  const stop = (): void => stopped.abort()
  for (const name of signals) process.once(name, stop)
  // The reader of the output has closed it.
  process.stdout.on('error', stop)
  const options = {
    binary: path,
    example,
    startControlPlane: controlPlaneOver,
    display: out,
    rate: flags.rate,
    requests: flags.requests,
    afterwards: flags.once === true ? 'leave' : 'stay',
    signal: stopped.signal,
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
