import { createRequire } from 'node:module'
import { Client, Server, ServerCredentials, credentials } from '@grpc/grpc-js'
import { expect, onTestFinished, test } from 'vitest'
import { serve } from '../support/serving.ts'
import { within } from '../support/within.ts'

const method = '/test.Echo/Say'
const pass = (bytes: Buffer): Buffer => bytes

// Its types are made for another release of grpc-js.
const { register } = createRequire(import.meta.url)('@grpc/grpc-js-xds') as { readonly register: () => void }
register()

/** A gRPC server that answers with its name; its port. */
async function backend(name: string): Promise<number> {
  const server = new Server()
  const definition = { path: method, requestStream: false, responseStream: false, requestSerialize: pass, requestDeserialize: pass, responseSerialize: pass, responseDeserialize: pass } as const
  server.addService({ say: definition }, { say: (_: unknown, answer: (error: null, bytes: Buffer) => void) => { answer(null, Buffer.from(name)) } })
  onTestFinished(() => { server.forceShutdown() })
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => { if (error === null) resolve(port); else reject(error) })
  })
}

function client(xds: string, target: string): Client {
  const bootstrap = {
    xds_servers: [{ server_uri: xds, channel_creds: [{ type: 'insecure' }], server_features: ['xds_v3'] }],
    node: { id: 'client', cluster: 'test', locality: {} },
  }
  const made = new Client(target, credentials.createInsecure(), { 'grpc.TEST_ONLY_DO_NOT_USE_IN_PROD.xds_bootstrap_config': JSON.stringify(bootstrap) })
  onTestFinished(() => { made.close() })
  return made
}

function say(from: Client): Promise<string> {
  const answer = new Promise<string>((resolve) => {
    from.makeUnaryRequest(method, pass, pass, Buffer.from('hello'), { deadline: Date.now() + 10_000 }, (error, bytes) => { resolve(error === null ? String(bytes) : error.message) })
  })
  return within(15_000, 'an answer', answer)
}

/** Asks until the answer fits: a change is in force a moment after it was written. */
async function eventually(from: Client, wanted: RegExp): Promise<string> {
  const last = performance.now() + 15_000
  for (;;) {
    const answer = await say(from)
    if (wanted.test(answer) || performance.now() > last) return answer
  }
}

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

test('a proxyless gRPC client takes its configuration, an edit and a removal; its mirror is left out, and that is said', async () => {
  const [reviews, ratings] = [await backend('reviews'), await backend('ratings')]
  const serving = await serve({ 'reviews.yaml': service('reviews', reviews), 'ratings.yaml': service('ratings', ratings), 'route.yaml': route('reviews') })
  const proxyless = client(serving.xds, 'xds:///reviews:9000')
  expect(await say(proxyless)).toBe('reviews')
  expect(await serving.told('mirror/proxyless-grpc')).toContain('route.yaml:8:5 ')
  await serving.write({ 'route.yaml': route('ratings') })
  expect(await eventually(proxyless, /ratings/)).toBe('ratings')
  const full = client(serving.xds, 'xds:///ratings.default.svc.cluster.local:9000')
  expect(await say(full)).toBe('ratings')
  await serving.remove('ratings.yaml')
  expect(await eventually(full, /UNAVAILABLE/)).toContain('UNAVAILABLE')
}, 60_000)
