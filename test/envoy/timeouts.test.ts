import { connect, createServer } from 'node:http2'
import type { ClientHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { realProxy } from '../support/real-proxy.ts'
import { serve } from '../support/serving.ts'
import { within } from '../support/within.ts'

/** Speaks HTTP/2, answers a request to `/upload` when it is complete, and no other. */
async function hangingBackend(): Promise<number> {
  const server = createServer()
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    stream.resume().once('end', () => {
      if (String(headers[':path']).endsWith('/upload'))
        stream.respond({ ':status': 200 }, { endStream: true })
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(() => {
    server.close()
  })
  return (server.address() as AddressInfo).port
}

const files = (port: number) => ({
  'all.yaml':
    `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec: {servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: slow}
spec: {hosts: [slow.test], ports: [{number: 80, name: http2, protocol: HTTP2}], resolution: STATIC, ` +
    `endpoints: [{address: 127.0.0.1, ports: {http2: ${port}}}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: slow}
spec:
  hosts: ["*"]
  gateways: [edge]
  http:
  - {match: [{uri: {prefix: /short}}], timeout: 300ms, route: [{destination: {host: slow.test}}]}
  - {match: [{uri: {prefix: /none}}], timeout: 0s, route: [{destination: {host: slow.test}}]}
`,
})

interface Asked {
  readonly headers?: Readonly<Record<string, string>>
  /** Milliseconds between the request's headers and its end. */
  readonly uploading?: number
}

/** The answer's status, with the gRPC status if it has one. */
async function answer(
  client: ClientHttp2Session,
  path: string,
  { headers = {}, uploading = 0 }: Asked = {},
): Promise<string> {
  const stream = client.request({ ':method': 'POST', ':path': path, ':authority': 'slow', ...headers })
  const found = new Promise<string>((resolve, reject) => {
    stream.once('error', reject)
    stream.once('response', (given) => {
      resolve([given[':status'], given['grpc-status']].filter((each) => each !== undefined).join(' grpc '))
    })
  })
  stream.resume().write('a')
  await pause(uploading)
  stream.end()
  return within(15_000, `an answer for ${path}`, found)
}

test(
  'a timeout ends a request, not an upload; without one a gRPC request ends at its own deadline; and ' +
    'nothing deprecated is sent',
  async () => {
    const { xds } = await serve(files(await hangingBackend()))
    const proxy = await realProxy({ xds, listener: 80 })
    const client = connect(`http://${proxy.address}:${proxy.port}`)
    onTestFinished(() => {
      client.close()
    })
    const grpc = { 'content-type': 'application/grpc', te: 'trailers' }
    expect(await answer(client, '/short')).toBe('504')
    expect(await answer(client, '/short/upload', { uploading: 1_000 })).toBe('200')
    expect(await answer(client, '/short', { headers: grpc })).toBe('200 grpc 14')
    expect(await answer(client, '/none', { headers: { ...grpc, 'grpc-timeout': '200m' } })).toBe('200 grpc 4')
    expect(await answer(client, '/none/upload', { uploading: 1_000 })).toBe('200')
    expect(proxy.envoy.log()).not.toMatch(/deprecated/i)
  },
  60_000,
)
