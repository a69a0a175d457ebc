/**
 * Two replicas over one API server, and one of them killed: `node bench/kubernetes-replicas.ts [--json
 * FILE]`. Needs what test:kubernetes needs, and an Envoy.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { table } from '../src/demo/display.ts'
import type { Expectation } from '../src/demo/expectation.ts'
import { waitFor } from '../src/demo/wait.ts'
import { startBackend } from '../src/demo/backend.ts'
import type { HostPort } from '../src/envoy/bootstrap.ts'
import { startEnvoy } from '../src/envoy/process.ts'
import { auditing } from '../test/kubernetes/support/audit.ts'
import type { Audit } from '../test/kubernetes/support/audit.ts'
import { clientBinary } from '../test/kubernetes/support/server-binaries.ts'
import { startInstallation } from '../test/kubernetes/support/installation.ts'
import type { Installation } from '../test/kubernetes/support/installation.ts'
import { runBench } from './support/bench-run.ts'
import type { BenchReport, BenchSetting } from './support/bench-run.ts'
import { createClusterFleet } from './support/kubernetes/cluster-fleet.ts'
import type { ClusterFleet } from './support/kubernetes/cluster-fleet.ts'
import { edgeBootstrap, edgeObjects, routesWithStatus } from './support/kubernetes/edge-of-replicas.ts'
import { bytes, median, ms } from './support/figures.ts'
import { startLoadClient } from './support/load/client.ts'
import type { LoadClient } from './support/load/client.ts'
import type { Counts } from './support/load/protocol.ts'
import { machineTime } from './support/machine-clock.ts'
import { shareNeedle } from './support/mesh-fleet.ts'
import { freePort } from './support/free-port.ts'
import { sentSince, totalOf } from './support/load/sent-since.ts'
import { startServe } from './support/serve-process.ts'
import type { ServeProcess } from './support/serve-process.ts'
import { startLoad } from './support/steady-load.ts'
import type { SteadyLoad } from './support/steady-load.ts'

const rounds = 5
const services = 100
const envoys = ['edge-0', 'edge-1'] as const
/** Beside the Envoys. */
const doubles = 198
/** Milliseconds. */
const bound = 60_000
/** Requests a second, through each Envoy. */
const rate = 100
/** Objects whose status is written. */
const routes = 10

/** The effects of killing one replica. */
interface Round {
  /** Proxies that it served, Envoys among them. */
  readonly moved: number
  readonly envoys: number
  /** Milliseconds from the kill until the other one has the streams of all that moved. */
  readonly connected: number
  /** Milliseconds from the kill until each proxy has an edit that was made at once after it. */
  readonly served: number
  /** Milliseconds from the kill until the other one holds the Lease. */
  readonly lease: number
  readonly edit: Counts
  readonly sent: Counts
  readonly missing: number
}

/** All that runs; the replicas change from round to round. */
interface Stage {
  readonly installation: Installation
  readonly audit: Audit
  readonly fleet: ClusterFleet
  readonly client: LoadClient
  readonly loads: readonly SteadyLoad[]
  readonly addresses: readonly [HostPort, HostPort]
  readonly replicas: [ServeProcess, ServeProcess]
  readonly signal: AbortSignal
}

/** Kills one replica in each round, while proxies hold their streams and requests go through the Envoys. */
export async function measureReplicas(setting: BenchSetting): Promise<BenchReport> {
  await using parts = new AsyncDisposableStack()
  const stage = await openStage(setting, parts)
  const found: Round[] = []
  for (let round = 0; round < rounds; round += 1) {
    setting.progress(`round ${round + 1} of ${rounds}`)
    found.push(await killOne(stage, round))
  }
  for (const load of stage.loads) await load.close()
  const statuses = await statusesWritten(stage.audit)
  const tally = stage.loads
    .map((load) => load.tally())
    .reduce((a, b) => ({
      ...a,
      sent: a.sent + b.sent,
      answered: a.answered + b.answered,
      failed: a.failed + b.failed,
      failure: a.failure ?? b.failure,
    }))
  return report(found, tally, statuses)
}

async function openStage(
  { binary, signal, progress }: BenchSetting,
  parts: AsyncDisposableStack,
): Promise<Stage> {
  const keep = <T extends { close(): Promise<void> }>(part: T): T => parts.adopt(part, (each) => each.close())
  process.env['SHADOWPLANE_KUBECTL'] = await clientBinary('kubectl', progress)
  progress('an API server, and its objects')
  const audit = await auditing()
  const installation = keep(await startInstallation(['istio', 'gateway-api/standard'], audit.flags))
  const fleet = await createClusterFleet(installation.cluster.api, services)
  const backends = [
    keep(await startBackend({ name: 'production', port: 0, onRequest: () => {} })),
    keep(await startBackend({ name: 'shadow', port: 0, onRequest: () => {} })),
  ] as const
  await applyText(
    installation,
    `${edgeObjects(backends[0].port, backends[1].port)}---\n${routesWithStatus(routes, 0)}`,
  )
  progress('two replicas')
  const addresses = [
    { host: '127.0.0.1', port: await freePort() },
    { host: '127.0.0.1', port: await freePort() },
  ] as const
  const replicas: Stage['replicas'] = [
    await startReplica(installation, addresses[0], signal),
    await startReplica(installation, addresses[1], signal),
  ]
  parts.defer(async () => {
    await Promise.all(replicas.map((each) => each.close()))
  })
  progress(`${doubles} proxies and ${envoys.length} Envoys`)
  const client = keep(startLoadClient(signal))
  for (const [index, address] of addresses.entries()) {
    const other = addresses[1 - index] ?? address
    const opened = await client.run('open', {
      ...address,
      others: [other, address],
      mode: 'delta',
      streams: doubles / 2,
      ask: 'envoy',
      role: 'sidecar',
      workloads: 1,
      timeout: bound,
    })
    if (opened.missing > 0) throw new Error(`${opened.missing} proxies are not complete`)
  }
  const loads: SteadyLoad[] = []
  for (const [index, name] of envoys.entries()) {
    const port = await freePort()
    const envoy = keep(
      await startEnvoy({
        binary,
        bootstrap: edgeBootstrap(name, index === 0 ? addresses : addresses.toReversed(), port),
      }),
    )
    await envoy.ready()
    await waitFor({
      what: `an answer of ${name}`,
      signal,
      timeout: bound,
      look: async () => (await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined))?.ok || undefined,
    })
    loads.push(keep(startLoad({ port, rate, hosts: { 'shop.example': 'production' } })))
  }
  return { installation, audit, fleet, client, loads, addresses, replicas, signal }
}

function startReplica(
  { account }: Installation,
  { host, port }: HostPort,
  signal: AbortSignal,
): Promise<ServeProcess> {
  return startServe({
    paths: [],
    flags: ['--kubernetes', '--kubeconfig', account, '--status', 'on', '--lease-namespace', 'shadowplane'],
    listen: `${host}:${port}`,
    signal,
  })
}

async function applyText({ cluster, kubectl }: Installation, text: string): Promise<void> {
  const file = join(cluster.folder, 'edge.yaml')
  await writeFile(file, text)
  await kubectl('apply', '-f', file)
}

/** Ids of the proxies that a replica serves now, one for each stream. */
function servedBy(replica: ServeProcess): readonly string[] {
  const streams = new Map<number, string>()
  for (const event of replica.events) {
    if (event.kind === 'connected') streams.set(event.proxy.stream, event.proxy.id)
    if (event.kind === 'disconnected') streams.delete(event.proxy.stream)
  }
  return [...streams.values()]
}

async function killOne(stage: Stage, round: number): Promise<Round> {
  const { client, replicas, loads, signal } = stage
  await told(stage, round + 1)
  const edit = await shareEdit(stage, 3 * round + 1)
  for (const load of loads) await load.more(rate, signal)
  const [first, second] = replicas
  await waitFor({
    what: 'one to hold the Lease',
    signal,
    timeout: bound,
    look: () => replicas.some(holds) || undefined,
  })
  const count = (replica: ServeProcess): number =>
    envoys.filter((name) => servedBy(replica).some((id) => id.includes(`~${name}.`))).length
  const victim = holds(second) ? 1 : 0
  const [killed, survivor] = victim === 0 ? [first, second] : [second, first]
  const [moved, movedEnvoys] = [servedBy(killed), count(killed)]
  const before = await client.run('counts', undefined)
  const millionths = 100_001 + 3 * round + 2
  await client.run('expect', { needle: shareNeedle(millionths), timeout: bound })
  const [at, wall, from] = [machineTime(), Date.now(), survivor.events.length]
  await killed.kill()
  await stage.fleet.setShare(0, millionths)
  const held = await client.run('held', undefined)
  const back = await waitFor({
    what: 'the streams of all that moved',
    signal,
    timeout: bound,
    look: () => {
      const came = survivor.of('connected', from).filter(({ proxy }) => moved.includes(proxy.id))
      return came.length >= moved.length ? came : undefined
    },
  })
  for (const load of loads) await load.more(rate, signal)
  const sent = sentSince(before, await client.run('counts', undefined))
  // Nobody writes them before the Lease has moved.
  await applyText(stage.installation, routesWithStatus(routes, round + 1))
  const taken = await survivor.until('lease', from, (event) => event.held)
  await told(stage, round + 2)
  await restore(stage, victim)
  return {
    moved: moved.length,
    envoys: movedEnvoys,
    edit,
    sent,
    missing: held.missing,
    connected: Math.max(...back.map((event) => event.at)) - wall,
    served: held.last - at,
    lease: taken.at - wall,
  }
}

function holds(replica: ServeProcess): boolean {
  return replica.of('lease').at(-1)?.held === true
}

/** The route and the generation of each status that was written. */
async function statusesWritten(audit: Audit): Promise<readonly string[]> {
  return (await audit.writes())
    .filter(({ resource }) => resource === 'httproutes/status')
    .map(({ name, body }) => `${name} ${JSON.stringify(body).match(/"observedGeneration":(\d+)/)?.[1]}`)
}

/** Waits until each route's status is of this generation. */
async function told({ audit, signal }: Stage, generation: number): Promise<void> {
  await waitFor({
    what: `the statuses of generation ${generation}`,
    signal,
    timeout: bound,
    look: async () => {
      const written = await statusesWritten(audit)
      return (
        Array.from({ length: routes }, (_, index) => `route-${index} ${generation}`).every((each) =>
          written.includes(each),
        ) || undefined
      )
    },
  })
}

/** Milliseconds and bytes of an edit alone. */
async function shareEdit({ client, fleet }: Stage, number: number): Promise<Counts> {
  const before = await client.run('counts', undefined)
  const millionths = 100_001 + number
  await client.run('expect', { needle: shareNeedle(millionths), timeout: bound })
  await fleet.setShare(0, millionths)
  const held = await client.run('held', undefined)
  if (held.missing > 0) throw new Error(`${held.missing} proxies did not get an edit`)
  return sentSince(before, await client.run('counts', undefined))
}

/** Another replica at the address of the one that was killed, and the proxies as they were at first. */
async function restore(stage: Stage, index: 0 | 1): Promise<void> {
  const { installation, addresses, replicas, client, signal } = stage
  replicas[index] = await startReplica(installation, addresses[index], signal)
  await client.run('reconnect', undefined)
  await waitFor({
    what: 'the proxies to be at both again',
    signal,
    timeout: bound,
    look: () => {
      const [first, second] = [servedBy(replicas[0]).length, servedBy(replicas[1]).length]
      return Math.min(first, second) >= doubles / 2 && first + second === doubles + envoys.length
        ? true
        : undefined
    },
  })
}

interface Tally {
  readonly sent: number
  readonly answered: number
  readonly failed: number
  readonly failure: string | undefined
}

function report(found: readonly Round[], tally: Tally, statuses: readonly string[]): BenchReport {
  const twice = statuses.length - new Set(statuses).size
  const again = found.map(({ edit, sent }) => ({
    bytes: totalOf(sent).bytes - totalOf(edit).bytes,
    resources: totalOf(sent).resources - totalOf(edit).resources,
  }))
  const row = (what: string, values: readonly number[], show: (value: number) => string) => [
    what,
    show(median(values)),
    show(Math.max(...values)),
  ]
  const plain = (value: number): string => String(value)
  return {
    lines: [
      `${rounds} rounds: two replicas, ${doubles + envoys.length} proxies of which ${envoys.length} are ` +
        `Envoys, ${services} services; the one that holds the Lease killed, and a percentage edited at once`,
      ...table([
        ['', 'median', 'most'],
        row(
          'proxies that it served',
          found.map(({ moved }) => moved),
          plain,
        ),
        row(
          'Envoys among them',
          found.map(({ envoys: each }) => each),
          plain,
        ),
        row(
          'until the other one has their streams',
          found.map(({ connected }) => connected),
          ms,
        ),
        row(
          'until every proxy has the edit',
          found.map(({ served }) => served),
          ms,
        ),
        row(
          'until the other one holds the Lease',
          found.map(({ lease }) => lease),
          ms,
        ),
        row(
          'resources sent beside the edit',
          again.map(({ resources }) => resources),
          plain,
        ),
        row(
          'bytes sent beside the edit',
          again.map((each) => each.bytes),
          bytes,
        ),
      ]),
      `requests through the Envoys: ${tally.sent} sent, ${tally.answered} answered, ${tally.failed} failed`,
      `statuses written: ${statuses.length}, of ${routes} routes in ${rounds + 1} generations; twice: ` +
        `${twice}`,
    ],
    expectations: [
      ...expectations(found, tally, again),
      {
        what: 'no status is written twice',
        held: twice === 0 && statuses.length === routes * (rounds + 1),
        found: `${statuses.length} written, ${twice} twice`,
      },
    ],
    data: { rounds: found, tally, statuses },
  }
}

function expectations(
  found: readonly Round[],
  tally: Tally,
  again: readonly { readonly resources: number }[],
): readonly Expectation[] {
  const missing = found.reduce((sum, each) => sum + each.missing, 0)
  const most = Math.max(...again.map(({ resources }) => resources))
  return [
    { what: 'every proxy is served again', held: missing === 0, found: `${missing} missing` },
    {
      what: 'those that moved are sent nothing that they have',
      held: most === 0,
      found: `${most} resources`,
    },
    {
      what: 'no request failed',
      held: tally.failed === 0 && tally.sent > 0,
      found:
        tally.failed === 0
          ? `${tally.answered} of ${tally.sent} answered`
          : `${tally.failed} failed; the first: ${tally.failure ?? ''}`,
    },
  ]
}

if (import.meta.main) await runBench(600_000, measureReplicas)
