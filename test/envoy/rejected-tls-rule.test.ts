import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { createAuthority } from '../../bench/support/tls/certificate.ts'
import type { Issued } from '../../bench/support/tls/certificate.ts'
import { realProxy } from '../support/real-proxy.ts'
import { serve } from '../support/serving.ts'

interface CountedBackend {
  readonly port: number
  connections(): number
}

/** A TLS server that counts the connections that reach it, with or without a handshake. */
async function countedBackend({ certificate, privateKey }: Issued): Promise<CountedBackend> {
  const sockets = new Set<Socket>()
  const server = createServer({ cert: certificate, key: privateKey })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
  })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const each of sockets) each.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, connections: () => sockets.size }
}

/** Whether a handshake with the name is answered, or the connection is closed. */
function handshake(port: number, servername: string): Promise<'answered' | 'closed'> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false })
    socket.on('error', () => {})
    socket.once('close', () => {
      resolve('closed')
    })
    socket.once('secureConnect', () => {
      resolve('answered')
      socket.destroy()
    })
  })
}

const service = (name: string, port: number): string => `---
apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {ports: [{name: tls, port: 443}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}-1, labels: {kubernetes.io/service-name: ${name}}}
addressType: IPv4
endpoints: [{addresses: [127.0.0.1]}]
ports: [{name: tls, port: ${port}}]
`

const rules =
  `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 443, name: tls, protocol: TLS}, ` +
  `hosts: ["*.example"], tls: {mode: PASSTHROUGH}}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: passed}
spec:
  hosts: ["*.example"]
  gateways: [edge]
  tls:
  - {match: [{sniHosts: [a.example]}], route: [{destination: shop}]}
  - {match: [{sniHosts: [b.example], port: https}], route: [{destination: {host: shop}}]}
  - {match: [{sniHosts: ["*.example"]}], route: [{destination: {host: other}}]}
`

test('connections of a tls rule with a mistake are closed, and never go to the backend of another rule', async () => {
  const own = createAuthority('all').issue({ name: 'all', names: ['a.example'] })
  const [shop, other] = [await countedBackend(own), await countedBackend(own)]
  const serving = await serve({
    'edge.yaml': rules + service('shop', shop.port) + service('other', other.port),
  })
  const { port } = await realProxy({
    role: 'gateway',
    namespace: 'default',
    labels: { istio: 'ingressgateway' },
    xds: serving.xds,
    listener: 443,
  })

  expect([await handshake(port, 'a.example'), await handshake(port, 'b.example')]).toEqual([
    'closed',
    'closed',
  ])
  expect([shop.connections(), other.connections()]).toEqual([0, 0])
  expect(await handshake(port, 'c.example')).toBe('answered')
  expect([shop.connections(), other.connections()]).toEqual([0, 1])
})
