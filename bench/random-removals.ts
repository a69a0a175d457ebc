/**
 * Random additions and removals of routes, hosts, listeners and gateways under a few long-lived Envoys, which
 * are compared with fresh ones and with the simulator: `node bench/random-removals.ts [--steps N] [--seed N]
 * [--every N] [--envoy FILE]`.
 */
import { Agent } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { configurationOf } from '../src/cli/explain/explain-proxy.ts'
import { resourcesOf } from '../src/cli/resources.ts'
import { defaultSettings } from '../src/control-plane/config.ts'
import { findEnvoy } from '../src/envoy/binary.ts'
import { bootstrap, defaultBootstrap } from '../src/envoy/bootstrap.ts'
import type { Bootstrap, BootstrapOptions } from '../src/envoy/bootstrap.ts'
import { startEnvoy } from '../src/envoy/process.ts'
import type { EnvoyProcess } from '../src/envoy/process.ts'
import { createPipeline } from '../src/pipeline/pipeline.ts'
import { simulate } from '../src/simulate/simulate.ts'
import type { EnvoyConfiguration } from '../src/simulate/configuration.ts'
import type { SimulatedRequest } from '../src/simulate/request.ts'
import type { Outcome, Simulation } from '../src/simulate/simulation.ts'
import { scopeKey, scopeOf } from '../src/xds/scope.ts'
import type { Scope } from '../src/xds/scope.ts'
import type { BenchSetting } from './support/bench-run.ts'
import { benchIdHeader, startEchoBackend } from './support/echo-backend.ts'
import type { ArrivalRecord } from './support/echo-backend.ts'
import { warningsIn } from './support/envoy-log.ts'
import { envoyState, stateDifferences } from './support/envoy-state.ts'
import { startPlaneOfObjects } from './support/plane-of-objects.ts'
import type { PlaneOfObjects } from './support/plane-of-objects.ts'
import {
  removalGroundwork,
  removalHosts,
  removalPaths,
  removalPorts,
  removalStep,
} from './support/removal-universe.ts'
import type { RemovalStep } from './support/removal-universe.ts'
import { freePort } from './support/free-port.ts'
import { sendRaw } from './support/raw-request.ts'
import type { RawAnswer } from './support/raw-request.ts'
import { answerDifferences } from './support/simulator/stock-answer.ts'
import { quiet } from './support/quiet.ts'

export interface RandomRemovalsOptions extends BenchSetting {
  readonly steps: number
  /** The same seed gives the same steps. */
  readonly seed: number
  /** Steps between two checkpoints. */
  readonly every: number
}

export interface RandomRemovalsReport {
  readonly steps: number
  readonly removals: number
  readonly checkpoints: number
  /** Resources in which a long-lived Envoy and a fresh one differ. */
  readonly differences: readonly string[]
  readonly requests: number
  /** Requests by what the simulator says becomes of them. */
  readonly outcomes: Readonly<Record<string, number>>
  readonly copies: number
  /** Requests that were not answered, or not copied, as the simulator says. */
  readonly otherwise: readonly string[]
  /** Warnings and errors in the logs of the long-lived Envoys, without those of every start. */
  readonly warnings: readonly string[]
}

/**
 * A long-lived Envoy. Removed listeners drain for a while, and meanwhile share what a new one of the same
 * routes gets.
 */
interface Lane {
  readonly title: string
  readonly bootstrap: Bootstrap
  readonly scope: Scope
  readonly ports: ReadonlyMap<number, number>
  readonly envoy: EnvoyProcess
}

interface Asked {
  readonly plane: PlaneOfObjects
  readonly record: ArrivalRecord
  readonly signal: AbortSignal
}

interface Sent {
  readonly id: string
  readonly request: SimulatedRequest
  readonly simulation: Simulation
  readonly answer: RawAnswer
}

const longestWait = 10_000
const lookInterval = 5
const limit = 3_600_000

/**
 * Over SotW a cluster stays until the routes of removed listeners are unsubscribed, so these must not drain
 * for long.
 */
const kinds = [
  { mode: 'delta', drainTime: undefined },
  { mode: 'delta', drainTime: 1 },
  { mode: 'sotw', drainTime: 1 },
] as const satisfies readonly {
  readonly mode: BootstrapOptions['mode']
  readonly drainTime: number | undefined
}[]

/**
 * Runs random steps, and compares at every checkpoint and at the end. Rejects when Envoy does not take a
 * state within seconds.
 */
export async function measureRandomRemovals(options: RandomRemovalsOptions): Promise<RandomRemovalsReport> {
  const { binary, signal, progress, seed } = options
  await using parts = new AsyncDisposableStack()
  const record: ArrivalRecord = new Map()
  const [web, copy, extra] = await Promise.all(
    [0, 1, 2].map(async () => parts.adopt(await startEchoBackend(record), (each) => each.close())),
  )
  const plane = parts.adopt(await startPlaneOfObjects(), (each) => each.close())
  for (const manifest of removalGroundwork({
    web: web?.port ?? 0,
    copy: copy?.port ?? 0,
    extra: extra?.port ?? 0,
  }))
    plane.set(manifest)
  plane.advance()
  const lanes: Lane[] = []
  for (const { mode, drainTime } of kinds) {
    const ports = new Map<number, number>()
    for (const port of removalPorts) ports.set(port, await freePort())
    const started = bootstrap({
      ...defaultBootstrap,
      xds: plane.xds,
      mode,
      bindAddress: '127.0.0.1',
      portMap: Object.fromEntries(ports),
    })
    const envoy = parts.adopt(await startEnvoy({ binary, bootstrap: started, drainTime }), (each) =>
      each.close(),
    )
    await envoy.ready()
    lanes.push({
      title: `${mode}, drain ${drainTime ?? 600} s`,
      bootstrap: started,
      scope: scopeIn(started),
      ports,
      envoy,
    })
  }
  const counts = { steps: 0, removals: 0, checkpoints: 0, requests: 0 }
  const outcomes: Record<string, number> = {}
  const differences: string[] = []
  const otherwise: string[] = []
  const note = (list: string[], found: readonly string[]): void => {
    list.push(...found)
    found.forEach(progress)
  }
  for (const step of fc.sample(removalStep, { seed, numRuns: options.steps })) {
    signal.throwIfAborted()
    counts.removals += take(plane, step)
    counts.steps += 1
    const isCheckpoint = counts.steps % options.every === 0 || counts.steps === options.steps
    if (step.next === 'idle' || isCheckpoint)
      note(
        differences,
        (await unsynchronized(plane, signal)).map((each) => `step ${counts.steps}, ${each}`),
      )
    if (!isCheckpoint) continue
    counts.checkpoints += 1
    for (const lane of lanes) {
      const at = `step ${counts.steps}, ${lane.title}: `
      note(
        differences,
        (await compared(lane, options)).map((each) => at + each),
      )
      const asked = await answered(lane, { plane, record, signal })
      counts.requests += asked.outcomes.length
      for (const outcome of asked.outcomes) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
      note(
        otherwise,
        asked.differences.map((each) => at + each),
      )
    }
    progress(
      `${counts.steps} steps, ${counts.requests} requests: ${differences.length} differences, ` +
        `${otherwise.length} answered otherwise`,
    )
  }
  const copies = [...record.values()].reduce((sum, { length }) => sum + Math.max(0, length - 1), 0)
  return {
    ...counts,
    outcomes,
    differences,
    copies,
    otherwise,
    warnings: lanes.flatMap(({ envoy }) => warningsIn(envoy.log())),
  }
}

function scopeIn({ node }: Bootstrap): Scope {
  const found = scopeOf(node ?? {})
  if ('error' in found) throw new Error(found.error)
  return found.scope
}

/** How many objects the step removes. */
function take(plane: PlaneOfObjects, { changes }: RemovalStep): number {
  let removals = 0
  for (const { key, manifest } of changes) {
    if (manifest !== undefined) {
      plane.set(manifest)
      continue
    }
    if (plane.objects.has(key)) removals += 1
    plane.delete(key)
  }
  plane.advance()
  return removals
}

/**
 * Waits until every proxy has answered for all that it should have; what is missing after a while, empty for
 * nothing.
 */
async function unsynchronized(plane: PlaneOfObjects, signal: AbortSignal): Promise<readonly string[]> {
  const deadline = performance.now() + longestWait
  for (;;) {
    signal.throwIfAborted()
    const clients = plane.clients()
    const lacking = clients.flatMap(({ proxy, types }) =>
      [...types]
        .filter(([, { status }]) => status !== 'SYNCED')
        .map(
          ([type, { status, refusal }]) =>
            `${proxy.mode} stream ${proxy.stream}: ${type} is ` +
            `${status}${refusal === undefined ? '' : `, ${refusal.message}`}`,
        ),
    )
    if ((clients.length > 0 && lacking.length === 0) || performance.now() > deadline) return lacking
    await pause(lookInterval)
  }
}

/**
 * The differences between the long-lived Envoy and a fresh one of the same node, once neither changes any
 * more.
 */
async function compared(lane: Lane, { binary, signal }: RandomRemovalsOptions): Promise<readonly string[]> {
  // Its sockets share the ports, as Envoy sets SO_REUSEPORT; no request is sent meanwhile.
  const fresh = await startEnvoy({ binary, bootstrap: lane.bootstrap })
  try {
    await fresh.ready()
    const deadline = performance.now() + longestWait
    for (;;) {
      signal.throwIfAborted()
      const found = stateDifferences(await envoyState(lane.envoy), await envoyState(fresh))
      if (found.length === 0 || performance.now() > deadline) return found
      await pause(lookInterval)
    }
  } finally {
    await fresh.close()
  }
}

interface Answered {
  /** One for each request. */
  readonly outcomes: readonly Outcome['kind'][]
  readonly differences: readonly string[]
}

/**
 * Sends requests for all hosts to all ports, those that nothing serves included, and compares each with what
 * `explain` says.
 */
async function answered({ scope, ports, envoy }: Lane, { plane, record, signal }: Asked): Promise<Answered> {
  await using parts = new AsyncDisposableStack()
  const agent = parts.adopt(new Agent({ keepAlive: false }), (each) => each.destroy())
  const configuration = configurationFor(plane, scope)
  const sent: Sent[] = []
  for (const port of ports.values()) {
    for (const [authority, path] of removalHosts.flatMap((host) =>
      removalPaths.map((each) => [host, each] as const),
    )) {
      signal.throwIfAborted()
      const id = `${plane.objects.size}-${++asked}`
      const request: SimulatedRequest = {
        scheme: 'http',
        address: '127.0.0.1',
        port,
        method: 'GET',
        authority,
        path,
        headers: [[benchIdHeader, id]],
      }
      const answer = await sendRaw({
        agent,
        port,
        method: 'GET',
        path,
        headers: [['host', authority], ...request.headers],
      })
      sent.push({ id, request, simulation: simulate(configuration, request), answer })
    }
  }
  await quiet({ record, envoys: [envoy], signal })
  return {
    outcomes: sent.map(({ simulation }) => simulation.outcome.kind),
    differences: sent.flatMap(({ id, request, simulation, answer }) =>
      answerDifferences(simulation, { answer, arrivals: record.get(id) ?? [] }).map(
        (each) => `port ${request.port} ${request.authority}${request.path}: ${each}`,
      ),
    ),
  }
}

let asked = 0

/** The resources of a proxy of this scope, computed from nothing, as \`explain\` does it. */
function configurationFor(plane: PlaneOfObjects, given: Scope): EnvoyConfiguration {
  const pipeline = createPipeline(defaultSettings)
  for (const [key, manifest] of plane.objects) pipeline.setManifest(key, manifest)
  const scope: Scope = { ...given, virtualHosts: 'separate' }
  pipeline.connect(scopeKey(scope), scope)
  pipeline.flush()
  return configurationOf(resourcesOf(pipeline, scopeKey(scope)))
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      steps: { type: 'string', default: '2000' },
      every: { type: 'string', default: '50' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      envoy: { type: 'string' },
    },
  })
  const seed = Number(values.seed)
  const progress = (line: string): void => console.error(line)
  const { path } = await findEnvoy({ flag: values.envoy, env: process.env, progress })
  console.log(`seed ${seed}`)
  const report = await measureRandomRemovals({
    binary: path,
    progress,
    signal: AbortSignal.timeout(limit),
    seed,
    steps: Number(values.steps),
    every: Number(values.every),
  })
  for (const line of new Set(report.warnings)) console.log(line)
  console.log(
    `${report.steps} steps, of which ${report.removals} removed an object, under ${kinds.length} Envoys; ` +
      `${report.checkpoints} checkpoints`,
  )
  console.log(`resources that differ from a fresh Envoy's: ${report.differences.length}`)
  console.log(
    `requests compared: ${report.requests} (${JSON.stringify(report.outcomes)}, ${report.copies} copies); ` +
      `answered otherwise than explain says: ${report.otherwise.length}`,
  )
  console.log(`warnings in Envoy's log: ${report.warnings.length}`)
  process.exitCode = report.differences.length + report.otherwise.length === 0 ? 0 : 1
}

if (import.meta.main) await main()
