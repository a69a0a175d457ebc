/**
 * The simulator against a real Envoy: `node bench/simulator.ts [--configurations N] [--requests N] [--seed N]
 * [--envoy FILE] [--json FILE]`.
 */
import { writeFile } from 'node:fs/promises'
import { Agent } from 'node:http'
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { configurationOf } from '../src/cli/explain/explain-proxy.ts'
import { findEnvoy } from '../src/envoy/binary.ts'
import type { EnvoyProcess } from '../src/envoy/process.ts'
import type { EnvoyConfiguration } from '../src/simulate/configuration.ts'
import type { SimulatedRequest } from '../src/simulate/request.ts'
import { isForwarded } from '../src/simulate/forward.ts'
import { simulate } from '../src/simulate/simulate.ts'
import type { Simulation } from '../src/simulate/simulation.ts'
import type { Scope } from '../src/xds/scope.ts'
import type { BenchSetting } from './support/bench-run.ts'
import { benchIdHeader, startEchoBackend } from './support/echo-backend.ts'
import type { ArrivalRecord } from './support/echo-backend.ts'
import { randomConfiguration } from './support/simulator/random-configuration.ts'
import type { RandomConfiguration } from './support/simulator/random-configuration.ts'
import { randomRequest } from './support/simulator/random-request.ts'
import { worldOf } from './support/simulator/random-world.ts'
import { quiet } from './support/quiet.ts'
import { sendRaw } from './support/raw-request.ts'
import type { RawAnswer } from './support/raw-request.ts'
import { repeat } from './support/request.ts'
import { compare } from './support/simulator/simulated-answer.ts'
import type { PartialMirror } from './support/simulator/simulated-answer.ts'
import { pipelineOver, resourcesFor, startTellingEnvoy } from './support/simulator/simulated-envoy.ts'
import { freePort } from './support/free-port.ts'

export interface SimulatorOptions extends BenchSetting {
  readonly configurations: number
  readonly requests: number
  /** The same seed gives the same configurations and requests. */
  readonly seed: number
}

export interface Disagreement {
  readonly request: SimulatedRequest
  readonly differences: readonly string[]
}

export interface SimulatorReport {
  readonly agreements: number
  readonly disagreements: readonly Disagreement[]
  /** Requests by their predicted result. */
  readonly outcomes: Readonly<Record<string, number>>
  readonly copies: number
  /** Copies that the simulator expects to be left out, because the body is too large. */
  readonly withheld: number
  readonly passedOver: number
  readonly partial: readonly PartialMirror[]
}

const lanes = 16
const firstPort = 20_000

interface Sent {
  readonly id: string
  readonly request: SimulatedRequest
  readonly simulation: Simulation
  readonly answer: RawAnswer
}

/**
 * Sends random requests to real Envoys with random configurations, and compares what becomes of each with
 * what the simulator says.
 */
export async function measureSimulator(options: SimulatorOptions): Promise<SimulatorReport> {
  await using parts = new AsyncDisposableStack()
  const record: ArrivalRecord = new Map()
  const backends = await Promise.all(
    Array.from({ length: 6 }, async () =>
      parts.adopt(await startEchoBackend(record), (each) => each.close()),
    ),
  )
  const [v1 = 0, v2 = 0, own = 0, ...others] = backends.map(({ port }) => port)
  const configurations = Array.from(
    { length: options.configurations },
    (_, index) => index + firstPort,
  ).flatMap((port) => fc.sample(randomConfiguration(port), { seed: seedOf(options.seed, port), numRuns: 1 }))
  const pipeline = pipelineOver(worldOf(configurations, { v1, v2, own, others }))
  const bound = await Promise.all(Array.from({ length: configurations.length + 1 }, () => freePort()))
  const portMap = Object.fromEntries(
    [80, ...configurations.map(({ port }) => port)].map((port, index) => [port, bound[index] ?? 0]),
  )
  const proxies = new Map<
    string,
    { readonly configuration: EnvoyConfiguration; readonly envoy: EnvoyProcess }
  >()
  for (const role of ['gateway', 'sidecar'] as const) {
    const resources = resourcesFor(pipeline, scopeFor(role, portMap))
    options.progress(`${role}: ${resources.length} resources in an Envoy`)
    proxies.set(role, {
      configuration: configurationOf(resources),
      envoy: parts.adopt(await startTellingEnvoy(options.binary, resources), (each) => each.close()),
    })
  }
  const agent = parts.adopt(new Agent({ keepAlive: true }), (each) => each.destroy())
  const waiting = requestsFor(configurations, options)
  const sent: Sent[] = []
  await repeat(waiting.length, lanes, async () => {
    options.signal.throwIfAborted()
    const next = waiting.pop()
    if (next === undefined) return
    const id = String(waiting.length)
    const port = portMap[next.configuration.port] ?? 0
    const proxy = proxies.get(next.configuration.role)
    if (proxy === undefined) throw new Error('no proxy')
    const { bodyBytes, headers, ...line } = next.request
    const bare: SimulatedRequest = {
      scheme: 'http',
      address: '127.0.0.1',
      port,
      ...line,
      headers: [...headers, [benchIdHeader, id]],
    }
    // Envoy answers by itself before a body has come, and a client may miss that.
    const hasBody = bodyBytes > 0 && isForwardedWhole(simulate(proxy.configuration, bare))
    const request: SimulatedRequest = hasBody
      ? { ...bare, headers: [...bare.headers, ['content-length', String(bodyBytes)]] }
      : bare
    const body = hasBody ? { body: Buffer.alloc(bodyBytes) } : {}
    const answer = await sendRaw({
      agent,
      port,
      method: request.method,
      path: request.path,
      headers: [['host', request.authority], ...request.headers],
      ...body,
    })
    sent.push({ id, request, simulation: simulate(proxy.configuration, request), answer })
  })
  await quiet({ record, envoys: [...proxies.values()].map(({ envoy }) => envoy), signal: options.signal })
  return reportOf(sent, record)
}

function isForwardedWhole({ outcome }: Simulation): boolean {
  return outcome.kind === 'forward' && outcome.forwarding.destinations.every(isForwarded)
}

/** Seeds that lie next to each other have nothing in common. */
function seedOf(seed: number, port: number): number {
  return Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(port, 0x85ebca6b)
}

function requestsFor(configurations: readonly RandomConfiguration[], { requests, seed }: SimulatorOptions) {
  const each = Math.ceil(requests / configurations.length)
  return configurations
    .flatMap((configuration) =>
      fc
        .sample(randomRequest(configuration), { seed: seedOf(seed, -configuration.port), numRuns: each })
        .map((request) => ({ configuration, request })),
    )
    .slice(0, requests)
}

function scopeFor(role: Scope['role'], portMap: Scope['portMap']): Scope {
  return {
    role,
    namespace: 'default',
    labels: { random: 'yes' },
    anyGateway: false,
    bindAddress: '127.0.0.1',
    portMap,
    virtualHosts: 'inline',
  }
}

function reportOf(sent: readonly Sent[], record: ArrivalRecord): SimulatorReport {
  const compared = sent.map(({ id, request, simulation, answer }) => {
    const arrivals = record.get(id) ?? []
    return { request, simulation, arrivals, ...compare(simulation, { answer, arrivals }) }
  })
  const disagreements = compared
    .filter(({ differences }) => differences.length > 0)
    .map(({ request, differences }) => ({ request, differences }))
  const outcomes = Object.fromEntries(
    [...Map.groupBy(compared, ({ simulation }) => simulation.outcome.kind)].map(([kind, those]) => [
      kind,
      those.length,
    ]),
  )
  return {
    agreements: compared.length - disagreements.length,
    disagreements,
    outcomes,
    copies: compared.reduce(
      (sum, { arrivals, simulation }) =>
        sum + Math.max(0, arrivals.length - (simulation.outcome.kind === 'forward' ? 1 : 0)),
      0,
    ),
    withheld: compared.reduce(
      (sum, { simulation: { outcome } }) =>
        sum +
        (outcome.kind === 'forward'
          ? outcome.forwarding.mirrors.filter((mirror) => mirror.withheld).length
          : 0),
      0,
    ),
    passedOver: compared.reduce((sum, { simulation }) => sum + simulation.passedOver.length, 0),
    partial: compared.flatMap(({ partial }) => partial),
  }
}

/**
 * Shares of mirrors that copy only some requests: how many times each could have fired, did, and should have
 * on average.
 */
export function sharesOf(partial: readonly PartialMirror[]): readonly {
  readonly millionths: number
  readonly chances: number
  readonly fired: number
  readonly deviations: number
}[] {
  return [...Map.groupBy(partial, ({ millionths }) => millionths)]
    .toSorted(([a], [b]) => a - b)
    .map(([millionths, those]) => {
      const share = millionths / 1_000_000
      const fired = those.filter((each) => each.fired).length
      return {
        millionths,
        chances: those.length,
        fired,
        deviations:
          Math.abs(fired - those.length * share) /
          Math.max(1e-9, Math.sqrt(those.length * share * (1 - share))),
      }
    })
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      configurations: { type: 'string', default: '200' },
      requests: { type: 'string', default: '5000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      envoy: { type: 'string' },
      json: { type: 'string' },
    },
  })
  const seed = Number(values.seed)
  const progress = (line: string): void => console.error(line)
  const { path } = await findEnvoy({ flag: values.envoy, env: process.env, progress })
  console.log(`seed ${seed}`)
  const report = await measureSimulator({
    binary: path,
    progress,
    signal: AbortSignal.timeout(300_000),
    seed,
    configurations: Number(values.configurations),
    requests: Number(values.requests),
  })
  const { agreements, disagreements, outcomes, copies, withheld, passedOver, partial } = report
  for (const { request, differences } of disagreements.slice(0, 20))
    console.log(`${JSON.stringify(request)}\n  ${differences.join('\n  ')}`)
  for (const { millionths, chances, fired, deviations } of sharesOf(partial))
    console.log(
      `mirrors at ${millionths / 10_000} %: ${fired} of ${chances} copied, ${deviations.toFixed(1)} ` +
        `standard deviations off`,
    )
  console.log(
    `${agreements + disagreements.length} requests over ${values.configurations} configurations: ` +
      `${JSON.stringify(outcomes)}, ${copies} copies, ${withheld} withheld, ${passedOver} routes passed over`,
  )
  console.log(`${agreements} agreements, ${disagreements.length} disagreements`)
  if (values.json !== undefined)
    await writeFile(
      values.json,
      `${JSON.stringify({ seed, ...report, partial: sharesOf(partial) }, null, 2)}\n`,
    )
  process.exitCode = disagreements.length === 0 ? 0 : 1
}

if (import.meta.main) await main()
