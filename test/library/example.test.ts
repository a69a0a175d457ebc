import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../bench/support/free-port.ts'
import { findEnvoy } from '../../src/envoy/binary.ts'
import { bootstrap, defaultBootstrap } from '../../src/envoy/bootstrap.ts'
import { startEnvoy } from '../../src/envoy/process.ts'
import { projectRoot } from '../support/command.ts'
import { waitFor } from '../support/wait-for.ts'
import { patience, within } from '../support/within.ts'

test.each(['delta', 'sotw'] as const)(
  'the control plane in 30 lines serves a real Envoy over %s',
  async (mode) => {
    const port = await freePort()
    const example = spawn(process.execPath, [
      '--conditions=development',
      join(projectRoot, 'examples/xds-library/main.ts'),
      '127.0.0.1:0',
      String(port),
    ])
    onTestFinished(() => {
      example.kill('SIGKILL')
    })
    const line = await within(
      20_000,
      'the example to serve',
      once(createInterface({ input: example.stdout }), 'line').then((values: readonly unknown[]) =>
        String(values[0]),
      ),
    )
    const xdsPort = Number(/:(\d+)$/.exec(line)?.[1])
    const { path } = await findEnvoy({ env: process.env })
    const envoy = await startEnvoy({
      binary: path,
      bootstrap: bootstrap({
        ...defaultBootstrap,
        mode,
        nodeCluster: 'edge',
        xds: { host: '127.0.0.1', port: xdsPort },
      }),
    })
    onTestFinished(() => envoy.close())
    await envoy.ready()
    const ask = async (): Promise<string> =>
      (await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(patience) })).text()
    expect(await ask()).toBe('hello')
    example.stdin.write('good evening\n')
    await waitFor({ what: 'the edit', look: async () => (await ask()) === 'good evening' || undefined })
    const ended = new Promise<number | null>((resolve) => {
      example.once('close', resolve)
    })
    example.stdin.end()
    expect(await within(10_000, 'the example to end', ended)).toBe(0)
  },
)
