import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEnvoy } from '../../../src/envoy/process.ts'
import type { EnvoyProcess } from '../../../src/envoy/process.ts'
import { waitFor } from '../../../src/demo/wait.ts'
import { get } from './open-loop.ts'
import type { Target } from './open-loop.ts'
import { pinned } from './pinning.ts'
import { freePort } from '../free-port.ts'
import { gatewayBootstrap } from '../scene.ts'
import { startServe } from '../serve-process.ts'
import { backendKinds, startBackend } from './backend.ts'
import type { BackendKind, SickBackend } from './backend.ts'

export interface SickSceneOptions {
  /** Folder of the program that serves the configuration. */
  readonly program: string
  readonly binary: string
  readonly workers: number
  readonly signal: AbortSignal
}

/** A gateway with a route to production for each kind of shadow, and one, `plain`, without a mirror. */
export interface SickScene {
  readonly envoy: EnvoyProcess
  readonly signal: AbortSignal
  readonly isPinned: boolean
  target(kind: BackendKind | 'plain'): Target
  shadow(kind: BackendKind): SickBackend
  /** Copies that Envoy has under way at a shadow, or waiting for a connection. */
  underWay(kind: BackendKind): Promise<number>
  close(): Promise<void>
}

export async function openSickScene(options: SickSceneOptions): Promise<SickScene> {
  const parts = new AsyncDisposableStack()
  try {
    return await open(options, parts)
  } catch (error) {
    await parts.disposeAsync()
    throw error
  }
}

async function open(
  { program, binary, workers, signal }: SickSceneOptions,
  parts: AsyncDisposableStack,
): Promise<SickScene> {
  const keep = <T extends { close(): Promise<void> }>(part: T): T => parts.adopt(part, (each) => each.close())
  const { isPinned, envoy: pin } = pinned(workers)
  const primary = keep(await startBackend('healthy', 0))
  const shadows = new Map<BackendKind, SickBackend>()
  for (const kind of backendKinds) shadows.set(kind, keep(await startBackend(kind, 19)))
  const folder = parts.adopt(await mkdtemp(join(tmpdir(), 'shadowplane-shadows-')), (path) =>
    rm(path, { recursive: true, force: true }),
  )
  await writeFile(join(folder, 'shadows.yaml'), manifests(primary.port, shadows))
  const serve = keep(await startServe({ paths: [folder], program: join(program, 'src/main.ts'), signal }))
  const port = await freePort()
  const envoy = keep(
    await startEnvoy({
      binary,
      bootstrap: gatewayBootstrap({ xds: serve.xds, mode: 'delta' }, port),
      concurrency: workers,
    }),
  )
  await envoy.ready()
  pin(envoy.pid)
  const target = (kind: BackendKind | 'plain'): Target => ({ port, host: `${kind}.example` })
  await waitFor({
    what: 'Envoy to answer',
    timeout: 20_000,
    signal,
    look: async () => !Number.isNaN(await get(target('plain'), false)) || undefined,
  })
  return {
    envoy,
    signal,
    isPinned,
    target,
    shadow: (kind) => shadows.get(kind) ?? raise(kind),
    underWay: async (kind) =>
      [...(await envoy.stats(`shadow-${kind}.example.upstream_rq_(pending_)?active`)).values()].reduce(
        (sum, value) => sum + value,
        0,
      ),
    close: () => parts.disposeAsync(),
  }
}

function raise(kind: BackendKind): never {
  throw new Error(`no shadow ${kind}`)
}

function manifests(primary: number, shadows: ReadonlyMap<BackendKind, SickBackend>): string {
  return [
    serviceEntry('primary', primary),
    ...[...shadows].map(([kind, { port }]) => serviceEntry(`shadow-${kind}`, port)),
    object(
      'Gateway',
      'edge',
      '{selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, ' +
        'hosts: ["*"]}]}',
    ),
    route('plain', ''),
    ...[...shadows.keys()].map((kind) => route(kind, `, mirror: {host: shadow-${kind}.example}`)),
  ].join('---\n')
}

function serviceEntry(name: string, port: number): string {
  const endpoint = `{address: 127.0.0.1, ports: {http: ${port}}}`
  return object(
    'ServiceEntry',
    name,
    `{hosts: [${name}.example], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}], ` +
      `endpoints: [${endpoint}]}`,
  )
}

function route(name: string, mirror: string): string {
  return object(
    'VirtualService',
    name,
    `{hosts: [${name}.example], gateways: [edge], http: [{route: [{destination: {host: ` +
      `primary.example}}]${mirror}}]}`,
  )
}

function object(kind: string, name: string, spec: string): string {
  return `apiVersion: networking.istio.io/v1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n`
}
