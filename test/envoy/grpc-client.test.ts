import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../bench/support/free-port.ts'
import { routesInForce } from '../../bench/support/routes-in-force.ts'
import type { EnvoyProcess } from '../../src/envoy/process.ts'
import { findEnvoy } from '../../src/envoy/binary.ts'
import { bootstrap, defaultBootstrap } from '../../src/envoy/bootstrap.ts'
import { startEnvoy } from '../../src/envoy/process.ts'
import { lastFound } from '../support/last-found.ts'
import { shadowplane } from '../support/command.ts'
import { grpcBackend, proxylessClient } from '../support/grpc-client.ts'
import { serve } from '../support/serving.ts'

const service = (name: string, port: number): string => `apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {ports: [{name: grpc, port: 9000}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}-1, labels: {kubernetes.io/service-name: ${name}}}
addressType: IPv4
endpoints: [{addresses: [127.0.0.1]}]
ports: [{name: grpc, port: ${port}}]
`

const route = (host: string): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - route: [{destination: {host: ${host}}}]
    mirror: {host: ratings}
`

const destination = (name: string): string => `outbound|9000||${name}.default.svc.cluster.local`

async function sidecar(xds: string, mode: 'sotw' | 'delta'): Promise<EnvoyProcess> {
  const [host = '', port = ''] = xds.split(':')
  const { path } = await findEnvoy({ env: process.env })
  const envoy = await startEnvoy({
    binary: path,
    bootstrap: bootstrap({
      ...defaultBootstrap,
      role: 'sidecar',
      mode,
      nodeId: `sidecar~127.0.0.1~${mode}.default~default.svc.cluster.local`,
      xds: { host, port: Number(port) },
      portMap: { 9000: await freePort() },
    }),
  })
  onTestFinished(() => envoy.close())
  await envoy.ready()
  return envoy
}

/** Destination of each virtual host that Envoy holds, when it is as wanted or 15 seconds have passed. */
function routesBecome(
  envoy: EnvoyProcess,
  wanted: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  return lastFound(
    (found) => JSON.stringify(found) === JSON.stringify(wanted),
    async () => {
      const routes = await routesInForce(envoy)
      return Object.fromEntries(
        routes
          .filter(({ cluster }) => cluster !== '')
          .map(({ virtualHost, cluster }) => [virtualHost.replace(/^9000\//, ''), cluster]),
      )
    },
  )
}

test(
  'a SotW Envoy, a delta Envoy and a proxyless gRPC client take the configuration, an edit and a ' +
    'removal from one control plane',
  async () => {
    const [reviews, ratings] = [await grpcBackend('reviews'), await grpcBackend('ratings')]
    const serving = await serve({
      'reviews.yaml': service('reviews', reviews),
      'ratings.yaml': service('ratings', ratings),
      'route.yaml': route('reviews'),
    })
    const proxyless = proxylessClient(serving.xds, 'xds:///reviews:9000')
    const envoys = [await sidecar(serving.xds, 'sotw'), await sidecar(serving.xds, 'delta')]
    const [ofReviews, ofRatings] = [
      'reviews.default.svc.cluster.local:9000',
      'ratings.default.svc.cluster.local:9000',
    ] as const

    expect(await proxyless.say()).toBe('reviews')
    const start = { [ofRatings]: destination('ratings'), [ofReviews]: destination('reviews') }
    for (const envoy of envoys) expect(await routesBecome(envoy, start)).toEqual(start)
    expect(await serving.told('mirror/proxyless-grpc')).toContain('route.yaml:8:5 ')
    const { status, stdout } = await shadowplane(['status', '--server', serving.admin])
    expect(stdout.split('\n').filter((line) => /grpc-client|sotw|delta/.test(line))).toHaveLength(3)
    expect([status, stdout.includes('NACKED'), stdout.includes('STALE')]).toEqual([0, false, false])

    await serving.write({ 'route.yaml': route('ratings') })
    expect(await proxyless.becomes(/ratings/)).toBe('ratings')
    const edited = { ...start, [ofReviews]: destination('ratings') }
    for (const envoy of envoys) expect(await routesBecome(envoy, edited)).toEqual(edited)

    const other = proxylessClient(serving.xds, 'xds:///ratings.default.svc.cluster.local:9000')
    expect(await other.say()).toBe('ratings')
    await serving.write({ 'route.yaml': route('reviews') })
    await serving.remove('ratings.yaml')
    expect(await other.becomes(/UNAVAILABLE/)).toContain('UNAVAILABLE')
    expect(await proxyless.becomes(/reviews/)).toBe('reviews')
    for (const envoy of envoys)
      expect(await routesBecome(envoy, { [ofReviews]: destination('reviews') })).toEqual({
        [ofReviews]: destination('reviews'),
      })
  },
)
