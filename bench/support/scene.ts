import { Agent } from 'node:http'
import { join } from 'node:path'
import { startBackend } from '../../src/demo/backend.ts'
import type { Arrival } from '../../src/demo/backend.ts'
import type { Ledger } from '../../src/demo/tally.ts'
import { ledger } from '../../src/demo/tally.ts'
import { waitFor } from '../../src/demo/wait.ts'
import { examplePorts, openWorkspace } from '../../src/demo/workspace.ts'
import type { Workspace } from '../../src/demo/workspace.ts'
import { bootstrap, defaultBootstrap } from '../../src/envoy/bootstrap.ts'
import type { BootstrapOptions } from '../../src/envoy/bootstrap.ts'
import type { EnvoyProcess } from '../../src/envoy/process.ts'
import { startEnvoy } from '../../src/envoy/process.ts'
import type { BenchSetting } from './bench-run.ts'
import { sendRequest } from './request.ts'
import type { HeadedAnswer } from './request.ts'
import { startServe } from './serve-process.ts'
import type { ServeProcess } from './serve-process.ts'
import { freePort } from './free-port.ts'

export interface SceneOptions extends BenchSetting {
  readonly mode?: BootstrapOptions['mode']
  /** Changes the example's VirtualService before anything reads it. */
  readonly prepare?: (workspace: Workspace) => Promise<void>
}

/**
 * The example istio-cross-cluster, running: backends, `serve` as a process, and a real Envoy, which answers.
 */
export interface Scene {
  readonly workspace: Workspace
  /** The control plane that was started with the scene. */
  readonly serve: ServeProcess
  readonly envoy: EnvoyProcess
  /** Port of Envoy's listener on 127.0.0.1. */
  readonly port: number
  readonly host: string
  /** The Host that every copy must carry. */
  readonly copyHost: string
  /** Requests and copies by the step in their id. */
  readonly ledger: Ledger
  /** Ids of requests whose copies have arrived. */
  readonly copied: ReadonlySet<string>
  /** Copies that have arrived, those of requests without an id included. */
  copies(): number
  /** Sends one request, over connections that are kept, and notes its answer in the ledger. */
  send(step: string): Promise<HeadedAnswer>
  /** Closes this part with the scene, before all that stood before it. */
  keep<T extends { close(): Promise<void> }>(part: T): T
  close(): Promise<void>
}

export const production = 'production-v1'
export const mirrorCluster = 'outbound|80||httpbin.mirror.cluster-b'
const example = join(import.meta.dirname, '../../examples/istio-cross-cluster')
const uncounted = (): void => {}

/** Starts everything and waits for the first answer. When a part fails, the others are closed again. */
export async function openScene(options: SceneOptions): Promise<Scene> {
  const parts = new AsyncDisposableStack()
  try {
    return await open(options, parts)
  } catch (error) {
    await parts.disposeAsync()
    throw error
  }
}

async function open(options: SceneOptions, parts: AsyncDisposableStack): Promise<Scene> {
  const { signal } = options
  const keep: Scene['keep'] = (part) => parts.adopt(part, (each) => each.close())
  const port = await freePort()
  const [host, copyHost] = [`shop.example:${port}`, `shop.example-shadow:${port}`]
  const counts = ledger(production, copyHost)
  const copied = new Set<string>()
  let copies = 0
  const onCopy = (arrival: Arrival): void => {
    copies += 1
    copied.add(arrival.id)
    counts.copied(arrival)
  }
  const v1 = keep(await startBackend({ name: production, port: 0, onRequest: uncounted }))
  const v2 = keep(await startBackend({ name: 'production-v2', port: 0, onRequest: uncounted }))
  const clusterB = keep(await startBackend({ name: 'cluster-b', port: 0, onRequest: onCopy }))
  const ports = new Map([
    [examplePorts.v1, v1.port],
    [examplePorts.v2, v2.port],
    [examplePorts.clusterB, clusterB.port],
  ])
  const workspace = keep(await openWorkspace(example, ports))
  await options.prepare?.(workspace)
  const serve = keep(await startServe({ paths: [workspace.folder], program: options.program, signal }))
  const envoy = keep(
    await startEnvoy({
      binary: options.binary,
      bootstrap: gatewayBootstrap({ xds: serve.xds, mode: options.mode ?? 'delta' }, port),
    }),
  )
  await envoy.ready()
  const agent = parts.adopt(new Agent({ keepAlive: true }), (each) => each.destroy())
  const send = async (step: string): Promise<HeadedAnswer> => {
    const answer = await sendRequest({ agent, port, host, id: counts.nextId(step) })
    counts.answered(answer)
    return answer
  }
  await waitFor({
    what: 'Envoy to answer from production',
    timeout: 20_000,
    signal,
    look: async () => (await probe(port)) || undefined,
  })
  return {
    workspace,
    serve,
    envoy,
    port,
    host,
    copyHost,
    ledger: counts,
    copied,
    copies: () => copies,
    send,
    keep,
    close: () => parts.disposeAsync(),
  }
}

/** A gateway on loopback whose listener for port 80 is bound to `port`. */
export function gatewayBootstrap(
  { xds, mode }: Pick<BootstrapOptions, 'xds' | 'mode'>,
  port: number,
): ReturnType<typeof bootstrap> {
  return bootstrap({
    ...defaultBootstrap,
    role: 'gateway',
    labels: { istio: 'ingressgateway' },
    bindAddress: '127.0.0.1',
    portMap: { 80: port },
    xds,
    mode,
  })
}

async function probe(port: number): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${port}/headers`, {
    signal: AbortSignal.timeout(5_000),
  }).catch(() => undefined)
  await response?.arrayBuffer()
  return response?.ok === true
}
