/**
 * All but the workload, as a program in a network namespace of its own: pods, control plane, a sidecar with
 * bound listeners. Prints what it found as JSON.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defaultSettings, parseHostPort } from '../../../src/control-plane/config.ts'
import { startControlPlane } from '../../../src/control-plane/control-plane.ts'
import type { Expectation } from '../../../src/demo/expectation.ts'
import { waitFor } from '../../../src/demo/wait.ts'
import { bootstrap, defaultBootstrap } from '../../../src/envoy/bootstrap.ts'
import { startEnvoy } from '../../../src/envoy/process.ts'
import type {
  Call,
  InterceptionFigures,
  Return,
  SidecarFigures,
  Target,
  WorkloadCalls,
  WorldOptions,
} from './calls.ts'
import { burst, get, serveHttp, serveLines } from './traffic.ts'
import { pods, virtual, workloadAddress, worldAddress, worldManifests } from './world.ts'
import { runProgram } from './network-program.ts'

const primary = 'reviews'
const copyHost = `${primary}-shadow`
const mirrorCluster = 'mirror|80||shadow.default.svc.cluster.local'

/** Hosts of the copies that arrived. */
let copies: string[] = []

type Workload = {
  readonly [Name in keyof WorkloadCalls]: (
    ...argument: Parameters<WorkloadCalls[Name]>
  ) => ReturnType<WorkloadCalls[Name]>
} & { readonly pid: number }

/** The workload's program in a network namespace of its own. It ends with this one. */
function startWorkload(): Workload {
  const child = spawn('unshare', ['--net', process.execPath, join(import.meta.dirname, 'workload.ts')], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const waiting = new Map<number, (result: Return) => void>()
  let calls = 0
  child.on('message', (result: Return) => waiting.get(result.id)?.(result))
  child.once('exit', (status) => {
    for (const [id, resolve] of waiting) resolve({ id, error: `the workload ended with status ${status}` })
  })
  const call =
    (name: keyof WorkloadCalls) =>
    (argument?: unknown): Promise<never> =>
      new Promise((resolve, reject) => {
        calls += 1
        waiting.set(calls, ({ value, error }) =>
          error === undefined ? resolve(value as never) : reject(new Error(`${name}: ${error}`)),
        )
        child.send({ id: calls, name, argument } satisfies Call)
      })
  return {
    pid: child.pid ?? 0,
    start: call('start'),
    burst: call('burst'),
    get: call('get'),
    line: call('line'),
    stat: call('stat'),
    close: call('close'),
  }
}

async function layNetwork(workload: number): Promise<void> {
  await runProgram('ip', ['link', 'set', 'lo', 'up'])
  await runProgram('ip', [
    'link',
    'add',
    'world',
    'type',
    'veth',
    'peer',
    'name',
    'eth0',
    'netns',
    String(workload),
  ])
  await runProgram('ip', ['addr', 'add', `${worldAddress}/24`, 'dev', 'world'])
  await runProgram('ip', ['link', 'set', 'world', 'up'])
  for (const address of Object.values(pods))
    await runProgram('ip', ['addr', 'add', `${address}/32`, 'dev', 'lo'])
}

function startPods(): Promise<readonly Server[]> {
  const port = 8080
  return Promise.all([
    serveHttp(primary, { address: pods.reviews, port }, () => {}),
    serveHttp('shadow', { address: pods.shadow, port }, (host) => {
      copies.push(host)
    }),
    serveHttp('undeclared', { address: pods.undeclared, port }, () => {}),
    serveLines('greets', { address: pods.greeter, port }),
    serveLines('echoes', { address: pods.raw, port }),
    // Nothing is configured for these.
    serveHttp('outside', { address: pods.outside, port: 80 }, () => {}),
    serveHttp('outside', { address: pods.outside, port: 7777 }, () => {}),
  ])
}

interface Sent {
  readonly mode: string
  readonly requests: number
  readonly send: () => ReturnType<typeof burst>
  /** Copies that the proxy sent, and those that are under way. */
  readonly stat: (name: string) => Promise<number>
  readonly copyHost: string
}

/** Waits for the last copy: the proxy's count of them is the backend's. */
async function measure({ mode, requests, send, stat, copyHost: wantedHost }: Sent): Promise<SidecarFigures> {
  const before = await stat(`cluster.${mirrorCluster}.upstream_rq_total`)
  copies = []
  const { answered, failure } = await send()
  await waitFor({
    what: `the last copies of ${mode}`,
    signal: AbortSignal.timeout(30_000),
    look: async () => {
      const sent = (await stat(`cluster.${mirrorCluster}.upstream_rq_total`)) - before
      return (
        ((await stat(`cluster.${mirrorCluster}.upstream_rq_active`)) === 0 && copies.length === sent) ||
        undefined
      )
    },
  })
  return {
    mode,
    sent: requests,
    answered,
    failure,
    copies: copies.length,
    wrongHosts: copies.filter((host) => host !== wantedHost).length,
  }
}

async function interceptionExpectations(workload: Workload): Promise<readonly Expectation[]> {
  const found = async (what: string, wanted: string, act: Promise<string>): Promise<Expectation> => {
    const answer = await act
    return { what, held: answer === wanted, found: answer }
  }
  const raised = async (what: string, stat: string): Promise<Expectation> => {
    const count = await workload.stat(stat)
    return { what: `${what}: ${stat} above 0`, held: count > 0, found: String(count) }
  }
  const refused = async (what: string, target: Target): Promise<Expectation> => {
    const answer = await get(target)
    return { what, held: !/^\d/.test(answer), found: answer }
  }
  return [
    await found(
      'an unknown host on a port with services passes through',
      '200 outside',
      workload.get({ address: pods.outside, port: 80, host: 'elsewhere.example.org' }),
    ),
    await found(
      'a port that nothing declares passes through',
      '200 outside',
      workload.get({ address: pods.outside, port: 7777, host: 'elsewhere.example.org' }),
    ),
    await raised('both took the cluster', 'cluster.PassthroughCluster.upstream_cx_total'),
    await found(
      'a TCP service that speaks first',
      'hello',
      workload.line({ address: virtual.greeter, port: 5000, says: '' }),
    ),
    await found(
      'a port that declares nothing, and is not HTTP',
      'hello',
      workload.line({ address: virtual.raw, port: 9100, says: 'hello' }),
    ),
    await raised(
      'the first took its cluster',
      'cluster.outbound|5000||greeter.default.svc.cluster.local.upstream_cx_total',
    ),
    await found(
      'what comes to the workload reaches it',
      '200 workload',
      get({ address: workloadAddress, port: 8080, host: 'workload' }),
    ),
    await found(
      'the workload reaches itself through its own service',
      '200 workload',
      workload.get({ address: virtual.workload, port: 80, host: 'workload' }),
    ),
    await raised('both took the inbound cluster', 'cluster.inbound|8080||.upstream_rq_total'),
    await refused('the inbound port itself leads nowhere', {
      address: workloadAddress,
      port: 15_006,
      host: 'workload',
    }),
    await refused('nor does the outbound port', { address: workloadAddress, port: 15_001, host: primary }),
  ]
}

async function look({ binary, requests }: WorldOptions): Promise<InterceptionFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'shadowplane-interception-'))
  const workload = startWorkload()
  const closing: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true }), workload.close]
  try {
    await layNetwork(workload.pid)
    const servers = await startPods()
    closing.push(async () => {
      for (const server of servers) server.close()
    })
    await writeFile(join(folder, 'world.yaml'), worldManifests)
    const plane = await startControlPlane(
      { paths: [folder], listen: `${worldAddress}:0`, admin: '127.0.0.1:0', settings: defaultSettings },
      () => {},
    )
    closing.push(plane.close)
    const bound = await startEnvoy({
      binary,
      bootstrap: bootstrap({
        ...defaultBootstrap,
        role: 'sidecar',
        xds: parseHostPort('xds', plane.xdsAddress),
      }),
    })
    closing.push(bound.close)
    await bound.ready()
    await workload.start({ binary, xds: plane.xdsAddress })
    const boundStat = async (name: string): Promise<number> =>
      (await bound.stats(`^${name.replaceAll(/[.|]/g, '\\$&')}$`)).get(name) ?? 0
    const sidecars = [
      await measure({
        mode: 'bound listeners',
        requests,
        stat: boundStat,
        copyHost,
        send: () => burst({ address: '127.0.0.1', port: 80, host: primary }, primary, requests),
      }),
      await measure({
        mode: 'interception',
        requests,
        stat: workload.stat,
        copyHost,
        send: () =>
          workload.burst({ address: virtual.reviews, port: 80, host: primary, backend: primary, requests }),
      }),
      await measure({
        mode: 'interception, protocol detected',
        requests,
        stat: workload.stat,
        copyHost: 'undeclared-shadow:9000',
        send: () =>
          workload.burst({
            address: virtual.undeclared,
            port: 9000,
            host: 'undeclared:9000',
            backend: 'undeclared',
            requests,
          }),
      }),
    ]
    return { sidecars, expectations: await interceptionExpectations(workload) }
  } finally {
    for (const close of closing.toReversed())
      await close().catch((error: unknown) => {
        console.error(error)
      })
  }
}

const options = JSON.parse(process.argv[2] ?? '') as WorldOptions
const figures = await look(options)
process.stdout.write(JSON.stringify(figures), () => {
  process.exit()
})
