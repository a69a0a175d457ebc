import { createServer as createHttpsServer } from 'node:https'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createAuthority } from '../../bench/support/tls/certificate.ts'
import type { Issued } from '../../bench/support/tls/certificate.ts'
import { secretManifest } from '../../bench/support/tls/tls-manifests.ts'
import { loggedBackend } from '../support/logged-backend.ts'
import { realProxy } from '../support/real-proxy.ts'
import { serve } from '../support/serving.ts'
import { waitFor } from '../support/wait-for.ts'

/** First byte of a TLS record that begins a handshake (RFC 8446, section 5.1). */
const handshake = 0x16

/** A TLS server, and the first byte of each connection that reached it. */
interface WatchedBackend {
  readonly port: number
  readonly firstBytes: readonly number[]
  /** Paths of the requests that came over TLS. */
  readonly paths: readonly string[]
}

async function watchedBackend({ certificate, privateKey }: Issued): Promise<WatchedBackend> {
  const firstBytes: number[] = []
  const paths: string[] = []
  const sockets = new Set<Socket>()
  const tls = createHttpsServer({ cert: certificate, key: privateKey }, (request, response) => {
    paths.push(request.url ?? '')
    request.resume()
    response.writeHead(200, { 'x-backend': 'secure' }).end()
  })
  const behind = await listen(tls)
  const wire = createServer((socket) => {
    const onward = connect(behind, '127.0.0.1')
    for (const each of [socket, onward]) {
      sockets.add(each)
      each.on('error', () => {
        each.destroy()
      })
    }
    socket.once('data', (chunk) => {
      firstBytes.push(chunk[0] ?? 0)
    })
    socket.pipe(onward).pipe(socket)
  })
  const port = await listen(wire)
  onTestFinished(() => {
    for (const each of sockets) each.destroy()
    tls.closeAllConnections()
    tls.close()
    wire.close()
  })
  return { port, firstBytes, paths }
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      resolve((server.address() as AddressInfo).port)
    })
  })
}

function service(name: string, port: number): string {
  return `apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {ports: [{name: web, port: 80}, {name: metrics, port: 81}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}-1, labels: {kubernetes.io/service-name: ${name}}}
addressType: IPv4
endpoints: [{addresses: [127.0.0.1]}]
ports: [{name: web, port: ${port}}, {name: metrics, port: ${port}}]
---
`
}

const routes = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec: {gatewayClassName: shadowplane, listeners: [{name: http, port: 8080, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec:
  parentRefs: [{name: edge}]
  rules:
  - matches: [{path: {value: /secure}}]
    backendRefs: [{name: secure, port: 80}]
  - matches: [{path: {value: /mirrored}}]
    backendRefs: [{name: shop, port: 80}]
    filters: [{type: RequestMirror, requestMirror: {backendRef: {name: secure, port: 80}}}]
---
`

function policy(validation: string, version = 'v1'): string {
  return `apiVersion: gateway.networking.k8s.io/${version}
kind: BackendTLSPolicy
metadata: {name: secure}
spec:
  targetRefs: [{group: "", kind: Service, name: secure, sectionName: web}]
  validation: {hostname: secure.example, ${validation}}
`
}

const configMap = 'caCertificateRefs: [{group: "", kind: ConfigMap, name: authority}]'
const secret = 'caCertificateRefs: [{group: "", kind: Secret, name: authority}]'
const system = 'wellKnownCACertificates: System'

test('requests and copies reach a Service with a BackendTLSPolicy over TLS, or not at all', async () => {
  const authority = createAuthority('all')
  const own = authority.issue({ name: 'secure', names: ['secure.example'] })
  const secure = await watchedBackend(own)
  const shop = await loggedBackend('shop')
  const around =
    routes +
    service('shop', shop.port) +
    service('secure', secure.port) +
    secretManifest({ name: 'authority', issued: own, authority: authority.certificate })
  const serving = await serve({ 'around.yaml': around, 'policy.yaml': policy(configMap) })
  const proxy = await realProxy({
    role: 'gateway',
    namespace: 'default',
    labels: { 'gateway.networking.k8s.io/gateway-name': 'edge' },
    xds: serving.xds,
    listener: 8080,
  })
  const statusOf = async (path: string): Promise<number> =>
    (await proxy.ask({ path, host: 'shop.example' })).status

  // It cannot be followed: no request and no copy is sent.
  expect(await statusOf('/secure')).toBe(500)
  expect((await proxy.ask({ path: '/mirrored', host: 'shop.example' })).backend).toBe('shop')
  await proxy.settled()
  expect(serving.mistakes()).toEqual(['tls/unusable-policy', 'tls/unusable-policy', 'tls/unusable-policy'])
  expect(secure.firstBytes).toEqual([])

  // The authority is in a Secret.
  await serving.write({ 'policy.yaml': policy(secret, 'v1alpha3') })
  await waitFor({
    what: 'an answer over TLS',
    look: async () => (await statusOf('/secure')) === 200 || undefined,
  })
  await proxy.ask({ path: '/mirrored', host: 'shop.example' })
  await waitFor({ what: 'the copy', look: async () => secure.paths.includes('/mirrored') || undefined })
  expect(serving.mistakes()).toEqual([])

  // The system's authorities did not sign the backend's certificate.
  await serving.write({ 'policy.yaml': policy(system) })
  await waitFor({
    what: 'a failure of TLS',
    look: async () => (await statusOf('/secure')) === 503 || undefined,
  })
  const seen = secure.paths.length
  expect((await proxy.ask({ path: '/mirrored', host: 'shop.example' })).backend).toBe('shop')
  await proxy.settled()
  expect(secure.paths.length).toBe(seen)

  // A name that the certificate does not have.
  await serving.write({ 'policy.yaml': policy(secret).replace('secure.example', 'other.example') })
  await waitFor({
    what: 'another cluster',
    look: async () => (await proxy.envoy.stats('^cluster\\..*ssl\\.fail_verify_san$')).size > 0 || undefined,
  })
  expect(await statusOf('/secure')).toBe(503)
  expect(secure.paths.length).toBe(seen)

  expect(new Set(secure.firstBytes)).toEqual(new Set([handshake]))
})

const entryRoutes =
  `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, ` +
  `hosts: ["*"]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: ["*"]
  gateways: [edge]
  http:
  - match: [{uri: {prefix: /secure}}]
    route: [{destination: {host: secure.example, port: {number: 80}}}]
  - match: [{uri: {prefix: /old}}]
    route: [{destination: {host: old, port: {number: 80}}}]
  - route: [{destination: {host: shop, port: {number: 80}}}]
    mirrors: [{destination: {host: secure.example, port: {number: 80}}}, {destination: {host: old, port: ` +
  `{number: 80}}}]
---
`

function serviceEntry(port: number): string {
  return (
    `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: secure}
spec: {hosts: [secure.example], resolution: STATIC, ports: [{number: 80, name: web, protocol: HTTP}], ` +
    `endpoints: [{address: 127.0.0.1, ports: {web: ${port}}}]}
---
`
  )
}

const notFollowed = `${policy(system).replace('group: "", kind: Service', 'group: networking.istio.io, kind: ServiceEntry')}---
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: BackendTLSPolicy
metadata: {name: old}
spec:
  targetRef: {group: "", kind: Service, name: old}
  tls: {hostname: old.example, wellKnownCACerts: System}
`

const destinationRule =
  `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: secure}
spec: {host: secure.example, trafficPolicy: {tls: {mode: SIMPLE, sni: secure.example, insecureSkipVerify: ` +
  `true}}}
`

test(
  'nothing reaches a ServiceEntry with a BackendTLSPolicy, or the target of one in v1alpha2, in plain ' +
    'text',
  async () => {
    const own = createAuthority('all').issue({ name: 'secure', names: ['secure.example'] })
    const [secure, old] = [await watchedBackend(own), await watchedBackend(own)]
    const shop = await loggedBackend('shop')
    const around =
      entryRoutes + serviceEntry(secure.port) + service('shop', shop.port) + service('old', old.port)
    const serving = await serve({ 'around.yaml': around, 'policy.yaml': notFollowed })
    const proxy = await realProxy({
      role: 'gateway',
      namespace: 'default',
      labels: { istio: 'ingressgateway' },
      xds: serving.xds,
      listener: 80,
    })
    const answers = async (): Promise<readonly number[]> => [
      (await proxy.ask({ path: '/secure', host: 'shop.example' })).status,
      (await proxy.ask({ path: '/old', host: 'shop.example' })).status,
      (await proxy.ask({ path: '/mirrored', host: 'shop.example' })).status,
    ]

    expect(await answers()).toEqual([503, 503, 200])
    await proxy.settled()
    expect([secure.firstBytes, old.firstBytes]).toEqual([[], []])
    // The two policies, two routes and two mirrors.
    expect(serving.mistakes()).toEqual(Array.from({ length: 6 }, () => 'tls/unusable-policy'))

    // The host's own TLS is enough.
    await serving.write({ 'own.yaml': destinationRule })
    await waitFor({
      what: 'an answer over TLS',
      look: async () =>
        (await proxy.ask({ path: '/secure', host: 'shop.example' })).status === 200 || undefined,
    })
    await proxy.ask({ path: '/mirrored', host: 'shop.example' })
    await waitFor({ what: 'the copy', look: async () => secure.paths.includes('/mirrored') || undefined })
    expect([new Set(secure.firstBytes), old.firstBytes]).toEqual([new Set([handshake]), []])
  },
)
