import { defaultSettings } from '../../../src/control-plane/config.ts'
import { bootstrap, defaultBootstrap } from '../../../src/envoy/bootstrap.ts'
import type { BootstrapOptions } from '../../../src/envoy/bootstrap.ts'
import { startEnvoy } from '../../../src/envoy/process.ts'
import type { EnvoyProcess } from '../../../src/envoy/process.ts'
import { createPipeline, diagnosticsOf, refreshed } from '../../../src/pipeline/pipeline.ts'
import type { Pipeline } from '../../../src/pipeline/pipeline.ts'
import { createXdsServer } from '../../../src/server/ads.ts'
import { createSnapshotCache } from '../../../src/xds/snapshot-cache.ts'
import type { SnapshotCache } from '../../../src/xds/snapshot-cache.ts'
import { resourcesOf } from './alone.ts'
import type { Resources } from './alone.ts'
import { keyOf, read } from './case.ts'
import type { Case } from './case.ts'
import { proxies, scopesAt } from './proxies.ts'
import { watch } from './rest.ts'
import type { Standing, Watch } from './rest.ts'
import { isSettled, leftBehind, refusedBy, unsettled } from './settled.ts'
import type { RefusedResource } from './settled.ts'

export interface CaseServerOptions {
  readonly binary: string
  readonly mode: BootstrapOptions['mode']
  readonly signal: AbortSignal
  /** Addresses of loopback for the listeners of the gateway and the sidecar. */
  readonly addresses: readonly [gateway: string, sidecar: string]
}

/** The results of some cases that were served together. */
export interface Outcome {
  readonly refused: readonly RefusedResource[]
  /** An Envoy ended: its last words. */
  readonly crash: string | undefined
  /** The proxies did not come to rest: what was missing. */
  readonly unsettled: string | undefined
  /** Resources that the proxies should have removed. */
  readonly leftBehind: readonly string[]
  /** Transforms of the pipeline that failed, by message. */
  readonly failures: readonly string[]
  /** All resources, of delta proxies; undefined under SotW, where virtual hosts are not apart. */
  readonly resources: Resources | undefined
}

/** One control plane, and two real Envoys that follow it through any number of configurations. */
export interface CaseServer {
  /** Serves these cases and nothing else, and waits until both proxies have answered for them. */
  serve(cases: readonly Case[]): Promise<Outcome>
  close(): Promise<void>
}

export async function startCaseServer(options: CaseServerOptions): Promise<CaseServer> {
  const parts = new AsyncDisposableStack()
  const pipeline = createPipeline(defaultSettings)
  const snapshots: SnapshotCache = createSnapshotCache({
    shared: pipeline.shared,
    connect: pipeline.connect,
    disconnect: pipeline.disconnect,
    wanted: () => {
      snapshots.advance(refreshed(pipeline, pipeline.flush()))
    },
    isReady: pipeline.isConnected,
    read: (scope, type) =>
      (pipeline.read.get(pipeline.resources, `${scope}|${type}`) ?? []).map(({ resource }) => resource),
  })
  const events = watch()
  const xds = parts.adopt(createXdsServer({ snapshots, observe: events.observe }), (server) => server.close())
  try {
    const envoys = await startEnvoys({ ...options, xds: await xds.listen('127.0.0.1:0') }, parts)
    const ends = noteEnds(envoys, events)
    const replace = replacing(pipeline)
    const isAtRest = (): boolean =>
      ends.crash() !== undefined ||
      (events.unanswered.size === 0 &&
        xds.clients().length === envoys.length &&
        xds.clients().every(isSettled))
    const standing = (): Standing =>
      !isAtRest()
        ? 'busy'
        : ends.crash() === undefined &&
            xds.clients().some((each) => refusedBy(each).length > 0 || leftBehind(each).length > 0)
          ? 'unsure'
          : 'at rest'
    const whatIsMissing = (): string =>
      xds
        .clients()
        .filter((each) => !isSettled(each))
        .map(unsettled)
        .join('; ') ||
      `${xds.clients().length} proxies are connected, unanswered: ${[...events.unanswered].join(', ')}`
    const serve = async (cases: readonly Case[]): Promise<Outcome> => {
      replace(cases)
      snapshots.advance(refreshed(pipeline, pipeline.flush()))
      await events.rest(standing, options.signal)
      return {
        refused: xds.clients().flatMap(refusedBy),
        crash: ends.crash(),
        unsettled: isAtRest() ? undefined : whatIsMissing(),
        leftBehind: ends.crash() === undefined && isAtRest() ? xds.clients().flatMap(leftBehind) : [],
        failures: diagnosticsOf(pipeline)
          .filter(({ code }) => code === 'internal/transform-failed')
          .map(({ message }) => message),
        resources:
          options.mode === 'delta'
            ? resourcesOf(pipeline, scopesAt(options.addresses).map(pipeline.shared))
            : undefined,
      }
    }
    return {
      serve,
      close: () => {
        ends.expect()
        return parts.disposeAsync()
      },
    }
  } catch (error) {
    await parts.disposeAsync()
    throw error
  }
}

/** Both are ready, without a listener so far. */
async function startEnvoys(
  { binary, mode, addresses, xds }: CaseServerOptions & { readonly xds: string },
  parts: AsyncDisposableStack,
): Promise<readonly EnvoyProcess[]> {
  const [host = '', port = ''] = xds.split(':')
  const envoys = await Promise.all(
    [
      { ...proxies.gateway, bindAddress: addresses[0] },
      { ...proxies.sidecar, bindAddress: addresses[1] },
    ].map(async (identity) => {
      const config = bootstrap({ ...defaultBootstrap, ...identity, mode, xds: { host, port: Number(port) } })
      return parts.adopt(await startEnvoy({ binary, bootstrap: config, logLevel: 'critical' }), (envoy) =>
        envoy.close(),
      )
    }),
  )
  await Promise.all(envoys.map((envoy) => envoy.ready()))
  return envoys
}

/** Tells an end that nobody asked for. */
function noteEnds(
  envoys: readonly EnvoyProcess[],
  events: Watch,
): { crash(): string | undefined; expect(): void } {
  const state = { crash: undefined as string | undefined, expected: false }
  const note = async (envoy: EnvoyProcess): Promise<void> => {
    await envoy.ended
    if (!state.expected) state.crash ??= envoy.log().slice(-2000) || 'it said nothing'
    events.look()
  }
  for (const envoy of envoys) void note(envoy)
  return {
    crash: () => state.crash,
    expect: () => {
      state.expected = true
    },
  }
}

/** Each call puts the objects of some cases in place of those of the one before. */
function replacing(pipeline: Pipeline): (cases: readonly Case[]) => void {
  let keys: readonly string[] = []
  return (cases) => {
    const objects = cases.flatMap((each) => each.objects.map(read))
    for (const key of keys) pipeline.deleteManifest(key)
    keys = objects.flatMap((each) => keyOf(each) ?? [])
    for (const object of objects) {
      const key = keyOf(object)
      if (key !== undefined && object.located !== undefined)
        pipeline.setManifest(key, object.located.manifest)
    }
  }
}
