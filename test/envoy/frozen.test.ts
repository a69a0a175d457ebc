import { expect, onTestFinished, test } from 'vitest'
import { folderWith } from '../support/folder.ts'
import { realProxy } from '../support/real-proxy.ts'
import { running } from '../support/running.ts'

const gateway = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: ["*"]
`

test.each(['SIGTERM', 'SIGQUIT'] as const)(
  '%s ends the control plane while an Envoy is frozen',
  async (signal) => {
    const serve = running([
      'serve',
      '--config',
      folderWith({ 'gateway.yaml': gateway }),
      '--listen',
      '127.0.0.1:0',
      '--admin',
      '127.0.0.1:0',
    ])
    await serve.until('its address', (text) => text.includes('admin on'))
    const [, xds = ''] = /xDS on (\S+),/.exec(serve.stdout()) ?? []
    const { envoy } = await realProxy({
      xds,
      listener: 80,
      role: 'gateway',
      namespace: 'default',
      labels: { istio: 'ingressgateway' },
    })
    process.kill(envoy.pid, 'SIGSTOP')
    onTestFinished(() => {
      process.kill(envoy.pid, 'SIGCONT')
    })
    serve.signal(signal)
    expect(await serve.ended()).toBe(0)
    expect(serve.stdout()).toContain(`shutting down       ${signal}: 1 proxy asked to connect elsewhere`)
  },
)
