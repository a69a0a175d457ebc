/**
 * Status and Events of many routes: `node bench/kubernetes-status.ts [--routes N] [--rounds N] [--json
 * FILE]`. Needs the same as test:kubernetes, without an Envoy.
 */
import { writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { table } from '../src/demo/display.ts'
import { waitFor } from '../src/demo/wait.ts'
import { startCluster } from '../test/kubernetes/support/cluster.ts'
import { apply, definitionsIn, install } from '../test/kubernetes/support/definitions.ts'
import { median, ms } from './support/figures.ts'
import { startServe } from './support/serve-process.ts'
import type { ServeProcess } from './support/serve-process.ts'

const { values: flags } = parseArgs({
  options: {
    json: { type: 'string' },
    routes: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '5' },
  },
})
const [size, rounds] = [Number(flags.routes), Number(flags.rounds)]
/** While replicas come and go. */
const fewRoutes = 100
const signal = AbortSignal.timeout(1_800_000)
const group = '/apis/gateway.networking.k8s.io/v1'
const routes = `${group}/namespaces/default/httproutes`

/** The work of a replica from the moment it has the Lease until everything is written. */
interface TakeOver {
  readonly milliseconds: number
  readonly written: number
  /** Requests to the API server for HTTPRoutes, by verb. */
  readonly requests: Readonly<Record<string, number>>
  /** The replica's longest delay of its event loop in that time, in milliseconds. */
  readonly longestDelay: number
}

/** Milliseconds from SIGTERM to one replica. */
interface HandOver {
  /** The other one has the Lease. */
  readonly lease: number
  /** It has written the status of an edit that was made meanwhile. */
  readonly write: number
}

const cluster = await startCluster([
  '--max-requests-inflight',
  '1000',
  '--max-mutating-requests-inflight',
  '1000',
])
try {
  await install(cluster.api, await definitionsIn('gateway-api/standard'))
  await createParents()
  console.error('two replicas, of which one ends …')
  await createRoutes(fewRoutes)
  const moved = await handOvers()
  await cluster.api.request({ path: routes, method: 'DELETE' })
  console.error(`${size} HTTPRoutes are created …`)
  await createRoutes(size)
  console.error('one replica, of which none has a status yet …')
  const first = await start()
  const without = await takenOver(first)
  await first.close()
  console.error('another one, and all have theirs …')
  const second = await start()
  const right = await takenOver(second)
  await second.close()
  const row = (what: string, seen: TakeOver): readonly string[] => [
    what,
    ms(seen.milliseconds),
    String(seen.written),
    Object.entries(seen.requests)
      .map(([verb, count]) => `${count} ${verb}`)
      .join(', '),
    ms(seen.longestDelay),
  ]
  console.log(
    table([
      [`${size} HTTPRoutes`, 'from the Lease to the last', 'written', 'requests', 'longest stop'],
      row('none has a status', without),
      row('all have theirs', right),
    ]),
  )
  const figures = (values: readonly number[]): string => `${ms(median(values))}, ${ms(Math.max(...values))}`
  console.log(
    table([
      ['from SIGTERM to the holder', `median, most of ${rounds}`],
      ['to the Lease of the other', figures(moved.map(({ lease }) => lease))],
      ['to its first write', figures(moved.map(({ write }) => write))],
    ]),
  )
  if (flags.json !== undefined)
    await writeFile(flags.json, `${JSON.stringify({ size, without, right, moved }, null, 2)}\n`)
} finally {
  await cluster.close()
}

async function createParents(): Promise<void> {
  const apiVersion = 'gateway.networking.k8s.io/v1'
  const ours = {
    apiVersion,
    kind: 'GatewayClass',
    metadata: { name: 'ours' },
    spec: { controllerName: 'shadowplane.io/gateway-controller' },
  }
  const edge = {
    apiVersion,
    kind: 'Gateway',
    metadata: { name: 'edge' },
    spec: { gatewayClassName: 'ours', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
  }
  await apply(cluster.api, `${group}/gatewayclasses`, ours)
  await apply(cluster.api, `${group}/namespaces/default/gateways`, edge)
  await cluster.api.request({
    path: '/api/v1/namespaces/default/services',
    method: 'POST',
    body: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'shop' },
      spec: { ports: [{ name: 'http', port: 80 }] },
    },
  })
}

async function createRoutes(count: number): Promise<void> {
  const queue = Array.from({ length: count }, (_, index) => index)
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (let index = queue.pop(); index !== undefined; index = queue.pop())
        await cluster.api.request({ path: routes, method: 'POST', body: routeOf(index, 0) })
    }),
  )
}

function routeOf(index: number, edit: number): object {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: `route-${index}` },
    spec: {
      parentRefs: [{ name: 'edge' }],
      hostnames: [`shop-${index}.example`],
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: `/${edit}` } }],
          backendRefs: [{ name: 'shop', port: 80 }],
        },
      ],
    },
  }
}

function start(): Promise<ServeProcess> {
  return startServe({
    paths: [],
    flags: [
      '--kubernetes',
      '--kubeconfig',
      cluster.kubeconfig,
      '--status',
      'on',
      '--lease-namespace',
      'default',
    ],
    signal,
  })
}

async function metrics(replica: ServeProcess): Promise<string> {
  const [listening] = replica.of('listening')
  return (await fetch(`http://${listening?.admin}/metrics`)).text()
}

function read(text: string, name: string): number {
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length + 1) ?? 0,
  )
}

async function takenOver(replica: ServeProcess): Promise<TakeOver> {
  const before = await requests()
  const lease = await replica.until('lease', 0, ({ held }) => held)
  await metrics(replica)
  let longest = 0
  const milliseconds = await waitFor({
    what: 'nothing to be left to write',
    timeout: 1_200_000,
    signal,
    look: async () => {
      await delay(100)
      const text = await metrics(replica)
      longest = Math.max(longest, read(text, 'nodejs_eventloop_lag_max_seconds') * 1_000)
      const looked =
        read(text, 'shadowplane_kubernetes_statuses_total{outcome="equal"}') +
        read(text, 'shadowplane_kubernetes_statuses_total{outcome="written"}')
      return looked >= size && read(text, 'shadowplane_kubernetes_writes_waiting') === 0
        ? Date.now() - lease.at
        : undefined
    },
  })
  const after = await requests()
  return {
    milliseconds,
    longestDelay: longest,
    written: read(await metrics(replica), 'shadowplane_kubernetes_statuses_total{outcome="written"}'),
    requests: Object.fromEntries(
      Object.entries(after)
        .map(([verb, count]) => [verb, count - (before[verb] ?? 0)])
        .filter(([, count]) => count !== 0),
    ) as Readonly<Record<string, number>>,
  }
}

/** All requests to the API server for HTTPRoutes, by verb. */
async function requests(): Promise<Readonly<Record<string, number>>> {
  const { value } = await cluster.api.request({ path: '/metrics', accept: '*/*' })
  const counts: Record<string, number> = {}
  for (const line of typeof value === 'string' ? value.split('\n') : []) {
    if (!line.startsWith('apiserver_request_total{') || !line.includes('resource="httproutes"')) continue
    const verb = /verb="([A-Z]+)"/.exec(line)?.[1] ?? ''
    counts[verb] = (counts[verb] ?? 0) + Number(line.slice(line.lastIndexOf(' ')))
  }
  return counts
}

async function handOvers(): Promise<readonly HandOver[]> {
  const found: HandOver[] = []
  let holder = await start()
  await holder.until('lease', 0, ({ held }) => held)
  for (let round = 1; round <= rounds; round += 1) {
    const other = await start()
    // It has looked at the Lease, and the next look is at any time of the two seconds between two of them.
    await delay(2_000 + Math.random() * 2_000)
    const begun = Date.now()
    const ending = holder.close()
    await cluster.api.request({
      path: `${routes}/route-0`,
      method: 'PATCH',
      contentType: 'application/merge-patch+json',
      body: routeOf(0, round),
    })
    const write = await waitFor({
      what: 'the status of the edit',
      signal,
      timeout: 60_000,
      look: async () => ((await written()) ? Date.now() - begun : undefined),
    })
    const lease = await other.until('lease', 0, ({ held }) => held)
    found.push({ lease: lease.at - begun, write })
    await ending
    holder = other
  }
  await holder.close()
  return found
}

/** Whether the status of the route is of its newest generation. */
async function written(): Promise<boolean> {
  const { value } = await cluster.api.request({ path: `${routes}/route-0` })
  const { metadata, status } = value as object as {
    readonly metadata: { readonly generation: number }
    readonly status?: {
      readonly parents?: readonly {
        readonly conditions: readonly { readonly observedGeneration: number }[]
      }[]
    }
  }
  return (
    status?.parents?.[0]?.conditions.every(
      ({ observedGeneration }) => observedGeneration === metadata.generation,
    ) === true
  )
}
