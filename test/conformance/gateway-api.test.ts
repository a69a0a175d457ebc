import { describe, expect, test } from 'vitest'
import { loggedBackend } from '../support/logged-backend.ts'
import type { Arrival, LoggedBackend } from '../support/logged-backend.ts'
import { realProxy } from '../support/real-proxy.ts'
import type { RealProxy } from '../support/real-proxy.ts'
import { serve } from '../support/serving.ts'
import { absentMessage, sharedIsAbsent } from '../support/shared.ts'
import { baseManifests, suiteManifest, trafficTests } from './gateway-api-cases.ts'
import type { TrafficCase, TrafficTest } from './gateway-api-cases.ts'
import { renderTable } from './table.ts'

const namespace = 'gateway-conformance-infra'
const names = ['infra-backend-v1', 'infra-backend-v2', 'infra-backend-v3'] as const

if (sharedIsAbsent) console.warn(absentMessage)

/** Endpoints of the suite's backends, which the data has as Deployments; the port of some has no name. */
function endpoints({ name, port }: LoggedBackend): string {
  return `---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}, namespace: ${namespace}, labels: {kubernetes.io/service-name: ${name}}}
addressType: IPv4
endpoints: [{addresses: [127.0.0.1]}]
ports: [{name: first-port, port: ${port}}, {name: '', port: ${port}}]
`
}

interface Stage {
  readonly proxy: RealProxy
  readonly backends: readonly LoggedBackend[]
}

/** The suite's Gateway `same-namespace` before its backends, with the route of one test. */
async function stage({ manifest }: TrafficTest): Promise<Stage> {
  const backends = await Promise.all(names.map((name) => loggedBackend(name)))
  const serving = await serve({
    'base.yaml': baseManifests(),
    'endpoints.yaml': backends.map(endpoints).join(''),
    'route.yaml': suiteManifest(manifest),
  })
  // The suite makes the certificate of its HTTPS Gateways itself.
  expect(serving.mistakes().filter((code) => !code.startsWith('tls/'))).toEqual([])
  const proxy = await realProxy({
    role: 'gateway',
    namespace,
    labels: { 'gateway.networking.k8s.io/gateway-name': 'same-namespace' },
    xds: serving.xds,
    listener: 80,
  })
  return { proxy, backends }
}

/** The number of requests at each backend, of so many in all. */
async function arrivalsOf(
  { request }: TrafficCase,
  requests: number,
  { proxy, backends }: Stage,
): Promise<Readonly<Record<string, readonly Arrival[]>>> {
  const before = backends.map(({ arrivals }) => arrivals.length)
  const answers = await proxy.askTimes(requests, {
    path: request.path,
    host: 'example.com',
    headers: request.headers ?? {},
  })
  await proxy.settled()
  expect(answers.filter(({ status }) => status !== 200)).toEqual([])
  return Object.fromEntries(
    backends.map(({ name, arrivals }, index) => [name, arrivals.slice(before[index])]),
  )
}

/** `|count - n·p| <= 3·sqrt(n·p·(1-p))`, as the suite has it. */
function isWithin(count: number, requests: number, share: number): boolean {
  return Math.abs(count - requests * share) <= 3 * Math.sqrt(requests * share * (1 - share))
}

function expectations(each: TrafficCase): ReadonlyMap<string, number> {
  return new Map(
    each.mirrored_to.map((target) =>
      typeof target === 'string' ? ([target, 1] as const) : ([target.name, target.percent / 100] as const),
    ),
  )
}

/** Header names of requests are compared without case, and several lines of one header as one. */
function checkPrimary(each: TrafficCase, arrivals: readonly Arrival[]): void {
  if (!('primary_sees' in each)) return
  const { path, headers = {}, absent = [] } = each.primary_sees
  for (const arrival of arrivals) {
    if (path !== undefined) expect(arrival.url).toBe(path)
    for (const [name, value] of Object.entries(headers))
      expect(arrival.headers[name.toLowerCase()]?.replaceAll(', ', ',')).toBe(value)
    for (const name of absent) expect(arrival.headers).not.toHaveProperty(name.toLowerCase())
  }
}

describe.skipIf(sharedIsAbsent)(
  "the mirror tests of the Gateway API's conformance suite, on a real Envoy",
  () => {
    test.each(trafficTests)('$test', async (each) => {
      const set = await stage(each)
      const { requests = 100, attempts = 1 } = each.statistics ?? {}
      const rows: string[][] = []
      for (const item of each.cases) {
        const wanted = expectations(item)
        const tries: (readonly number[])[] = []
        let held = false
        while (!held && tries.length < attempts) {
          const arrived = await arrivalsOf(item, requests, set)
          checkPrimary(item, arrived[item.primary] ?? [])
          expect(arrived[item.primary]).toHaveLength(requests)
          const others = names.filter((name) => name !== item.primary)
          held = others.every((name) => isWithin(arrived[name]?.length ?? 0, requests, wanted.get(name) ?? 0))
          tries.push(others.map((name) => arrived[name]?.length ?? 0))
        }
        rows.push([
          item.request.path,
          String(requests),
          [...wanted].map(([name, share]) => `${name} ${share * 100} %`).join(', '),
          tries.map((counts) => counts.join(' + ')).join(' | '),
          held ? 'held' : 'NOT HELD',
        ])
      }
      console.log(
        renderTable(['path', 'requests', 'mirrors', 'copies to v2 + v3, each try', 'verdict'], rows),
      )
      expect(rows.filter((row) => row.at(-1) !== 'held')).toEqual([])
    })
  },
)
