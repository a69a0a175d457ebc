import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../bench/support/free-port.ts'
import { findEnvoy } from '../../src/envoy/binary.ts'
import { bootstrap, defaultBootstrap } from '../../src/envoy/bootstrap.ts'
import { startEnvoy } from '../../src/envoy/process.ts'
import { serve } from '../support/serving.ts'

const gateway = (name: string, port: number): string => `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: ${name}}
spec:
  servers:
  - {port: {number: ${port}, name: http, protocol: HTTP}, hosts: ["*"]}
`

/** A port on which something else listens. */
async function takenPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(() => {
    server.close()
  })
  return (server.address() as AddressInfo).port
}

test.each(['delta', 'sotw'] as const)(
  'over %s, a listener on a taken port is reported at its Gateway alone, until that Gateway is removed, ' +
    'and again when it returns',
  async (mode) => {
    const serving = await serve({ 'good.yaml': gateway('good', 80), 'taken.yaml': gateway('taken', 8080) })
    const [host = '', port = ''] = serving.xds.split(':')
    const { path } = await findEnvoy({ env: process.env })
    const envoy = await startEnvoy({
      binary: path,
      bootstrap: bootstrap({
        ...defaultBootstrap,
        xds: { host, port: Number(port) },
        mode,
        bindAddress: '127.0.0.1',
        portMap: { 80: await freePort(), 8080: await takenPort() },
      }),
    })
    onTestFinished(() => envoy.close())
    expect(await serving.told('xds/nack')).toMatch(
      /^taken\.yaml:6:5 error xds\/nack {2}a proxy refused listener 0\.0\.0\.0_8080, made from Gateway default\/taken: .*cannot bind/,
    )
    expect(serving.mistakes()).toEqual(['xds/nack'])
    await serving.remove('taken.yaml')
    await serving.resolved('xds/nack')
    await serving.write({ 'taken.yaml': gateway('taken', 8080) })
    expect(await serving.told('xds/nack')).toContain('taken.yaml:6:5')
  },
  60_000,
)
