import { Agent, request } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { repeat } from '../../bench/support/request.ts'
import { freePort } from '../../bench/support/free-port.ts'
import { startBackend } from '../../src/demo/backend.ts'
import { findEnvoy } from '../../src/envoy/binary.ts'
import { bootstrap, defaultBootstrap } from '../../src/envoy/bootstrap.ts'
import type { EnvoyProcess } from '../../src/envoy/process.ts'
import { startEnvoy } from '../../src/envoy/process.ts'
import { serve } from '../support/serving.ts'
import type { Serving } from '../support/serving.ts'
import { within } from '../support/within.ts'
import { waitFor } from '../support/wait-for.ts'

const gateway = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec: {servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]}
`

const service = (name: string, port: number): string => `apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}-1, labels: {kubernetes.io/service-name: ${name}}}
addressType: IPv4
endpoints: [{addresses: [127.0.0.1]}]
ports: [{name: http, port: ${port}}]
`

/** A VirtualService with rules, as a YAML list; `spec` is the text before them. */
const virtualService = (
  name: string,
  spec: string,
  rules: string,
): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${name}}
spec:
  ${spec}
  http:
${rules
  .trim()
  .split('\n')
  .map((line) => `  ${line}`)
  .join('\n')}
`

const toShop = 'route: [{destination: {host: shop}}]'

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
}

interface Edge {
  readonly serving: Serving
  ask(
    path: string,
    options?: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> },
  ): Promise<Answer>
  /** Copies that a number of requests for a path make, once the last has arrived. */
  copiesOf(requests: number, path: string): Promise<number>
}

const lanes = 16

/** A real Envoy as a gateway, before the services shop and shadow. */
async function edge(files: Readonly<Record<string, string>>): Promise<Edge> {
  let copies = 0
  const shop = await startBackend({ name: 'shop', port: 0, onRequest: () => {} })
  const shadow = await startBackend({
    name: 'shadow',
    port: 0,
    onRequest: () => {
      copies += 1
    },
  })
  const serving = await serve({
    'edge.yaml': gateway,
    'shop.yaml': service('shop', shop.port),
    'shadow.yaml': service('shadow', shadow.port),
    ...files,
  })
  const port = await freePort()
  const envoy = await connected(serving, port)
  const agent = new Agent({ keepAlive: true, maxSockets: lanes })
  onTestFinished(async () => {
    agent.destroy()
    await Promise.all([envoy.close(), shop.close(), shadow.close()])
  })
  const ask: Edge['ask'] = (path, { method = 'GET', headers = {} } = {}) =>
    within(
      10_000,
      `an answer for ${path}`,
      new Promise((resolve, reject) => {
        request(
          { agent, host: '127.0.0.1', port, path, method, headers: { host: 'shop.example', ...headers } },
          (response) => {
            response.resume().once('end', () => {
              resolve({ status: response.statusCode ?? 0, headers: response.headers })
            })
          },
        )
          .once('error', reject)
          .end()
      }),
    )
  const { signal } = new AbortController()
  const arrived = (): Promise<true> =>
    waitFor({
      what: 'the last copy',
      signal,
      look: async () => {
        const stats = await envoy.stats(
          'shadow\\.default\\.svc\\.cluster\\.local\\.upstream_rq_(total|active)',
        )
        const value = (name: string): number => [...stats].find(([each]) => each.endsWith(name))?.[1] ?? 0
        return (value('rq_active') === 0 && value('rq_total') === copies) || undefined
      },
    })
  return {
    serving,
    ask,
    async copiesOf(requests, path) {
      await arrived()
      const before = copies
      await repeat(requests, lanes, async () => {
        expect((await ask(path)).status).toBe(200)
      })
      await arrived()
      return copies - before
    },
  }
}

async function connected({ xds }: Serving, port: number): Promise<EnvoyProcess> {
  const [host = '', xdsPort = ''] = xds.split(':')
  const { path } = await findEnvoy({ env: process.env })
  const envoy = await startEnvoy({
    binary: path,
    bootstrap: bootstrap({
      ...defaultBootstrap,
      xds: { host, port: Number(xdsPort) },
      bindAddress: '127.0.0.1',
      portMap: { 80: port },
    }),
  })
  onTestFinished(() => envoy.close())
  await envoy.ready()
  return envoy
}

/** Whether a count is within six standard deviations of a share of the requests. */
function isShare(count: number, requests: number, share: number): boolean {
  return Math.abs(count - requests * share) <= 6 * Math.sqrt(requests * share * (1 - share))
}

test(
  'a delegate mirrors at its percentage, and at its root’s where it has none; an edit of the delegate ' +
    'counts at once',
  async () => {
    const root = virtualService(
      'root',
      'hosts: [shop.example]\n  gateways: [edge]',
      `
- match: [{uri: {prefix: /team}}]
  delegate: {name: team}
  mirror: {host: shadow}
  mirrorPercentage: {value: 60}
- ${toShop}`,
    )
    const team = (percentage: number): string =>
      virtualService(
        'team',
        'exportTo: ["."]',
        `
- match: [{uri: {prefix: /team/own}}]
  ${toShop}
  mirror: {host: shadow}
  mirrorPercentage: {value: ${percentage}}
- match: [{uri: {prefix: /team/none}}]
  ${toShop}
  mirrorPercentage: {value: 0}
- ${toShop}`,
      )
    const { serving, copiesOf } = await edge({ 'root.yaml': root, 'team.yaml': team(25) })
    const requests = 1_000
    const own = await copiesOf(requests, '/team/own')
    const inherited = await copiesOf(requests, '/team/else')
    expect(
      [isShare(own, requests, 0.25), isShare(inherited, requests, 0.6)],
      `${own} and ${inherited} of ${requests}`,
    ).toEqual([true, true])
    expect([await copiesOf(requests, '/team/none'), await copiesOf(requests, '/other')]).toEqual([0, 0])
    await serving.write({ 'team.yaml': team(100) })
    const { signal } = new AbortController()
    await waitFor({
      what: 'every request copied',
      signal,
      look: async () => (await copiesOf(lanes, '/team/own')) === lanes || undefined,
    })
    expect(await copiesOf(requests, '/team/own')).toBe(requests)
  },
)

test(
  'faults happen to their share of the requests, an aborted one is not copied, and preflights of known ' +
    'origins are answered',
  async () => {
    const rules = virtualService(
      'shop',
      'hosts: [shop.example]\n  gateways: [edge]',
      `
- match: [{uri: {prefix: /always}}]
  ${toShop}
  fault: {abort: {httpStatus: 418, percentage: {value: 100}}}
  mirror: {host: shadow}
- match: [{uri: {prefix: /some}}]
  ${toShop}
  fault: {abort: {httpStatus: 500, percentage: {value: 33.3333}}, delay: {fixedDelay: 1ms, percentage: ` +
        `{value: 10}}}
- match: [{uri: {prefix: /grpc}}]
  ${toShop}
  fault: {abort: {grpcStatus: UNAVAILABLE, percentage: {value: 100}}}
- ${toShop}
  corsPolicy:
    allowOrigins: [{exact: "https://a.example"}, {prefix: "https://b."}, {regex: ".*[.]c[.]example"}]
    allowMethods: [GET, PUT]
    allowHeaders: [x-one, x-two]
    exposeHeaders: [x-three]
    maxAge: 24h
    allowCredentials: true
    unmatchedPreflights: IGNORE`,
    )
    const { serving, ask, copiesOf } = await edge({ 'rules.yaml': rules })
    expect(serving.mistakes()).toEqual([])
    const statuses = async (requests: number, path: string): Promise<readonly number[]> => {
      const found: number[] = []
      await repeat(requests, lanes, async () => {
        found.push((await ask(path)).status)
      })
      return found
    }
    expect(new Set(await statuses(100, '/always'))).toEqual(new Set([418]))
    expect(await copiesOf(0, '/always')).toBe(0)
    const aborted = (await statuses(1_000, '/some')).filter((status) => status === 500).length
    expect(isShare(aborted, 1_000, 0.333333), `${aborted} of 1000`).toBe(true)
    expect(
      (await ask('/grpc', { headers: { 'content-type': 'application/grpc' } })).headers['grpc-status'],
    ).toBe('14')

    const preflight = (origin: string) =>
      ask('/', { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'PUT' } })
    for (const origin of ['https://a.example', 'https://b.example', 'https://x.c.example']) {
      expect(await preflight(origin)).toMatchObject({
        status: 200,
        headers: {
          'access-control-allow-origin': origin,
          'access-control-allow-methods': 'GET,PUT',
          'access-control-allow-headers': 'x-one,x-two',
          'access-control-max-age': '86400',
          'access-control-allow-credentials': 'true',
        },
      })
    }
    const unknown = await preflight('https://evil.example')
    expect([unknown.headers['access-control-allow-origin'], unknown.headers['x-backend']]).toEqual([
      undefined,
      undefined,
    ])
    const plain = await ask('/', { headers: { origin: 'https://a.example' } })
    expect(plain).toMatchObject({
      status: 200,
      headers: {
        'access-control-allow-origin': 'https://a.example',
        'access-control-expose-headers': 'x-three',
        'x-backend': 'shop',
      },
    })
  },
)
