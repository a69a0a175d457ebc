import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { defaultSettings } from '../../src/control-plane/config.ts'
import { startControlPlane } from '../../src/control-plane/control-plane.ts'
import type { Code } from '../../src/diagnostics/codes.ts'
import { node } from '../../src/envoy/node.ts'
import type { Identity } from '../../src/envoy/node.ts'
import type { Settings } from '../../src/model/settings.ts'
import { routesOf } from './configuration.ts'
import type { Cluster, Route } from './configuration.ts'
import { EnvoyDouble } from './envoy-double.ts'
import { recordTold } from './told.ts'
import type { Mode } from './xds-client.ts'

/** Files by name, in the order in which they are written. */
export type Files = Readonly<Record<string, string>>

/**
 * A control plane over a directory of its own, and the proxies that a test connects to it. It ends with the
 * test.
 */
export interface Serving {
  /** `host:port` of the xDS server. */
  readonly xds: string
  /** `host:port` of the admin listener. */
  readonly admin: string
  /** Replaces files as editors do: at once, by a rename. */
  write(files: Files): Promise<void>
  remove(name: string): Promise<void>
  /** Connects a proxy, and waits until it has its listeners, and all that these name. */
  proxy(identity?: Identity, mode?: Mode): Promise<EnvoyDouble>
  /** Waits until a diagnostic of this code is in force, and gives its text, without the directory. */
  told(code: Code): Promise<string>
  /** The codes of all errors and warnings in force, sorted. */
  mistakes(): readonly Code[]
  /** The texts of all diagnostics in force, without the directory. */
  texts(): readonly string[]
  /** Waits until none of this code is in force. */
  resolved(code: Code): Promise<void>
}

export const gatewayProxy: Identity = {
  role: 'gateway',
  namespace: 'default',
  labels: { istio: 'ingressgateway' },
}
export const sidecarProxy: Identity = { role: 'sidecar', namespace: 'default', labels: { app: 'client' } }

/**
 * Milliseconds. Files are replaced or removed as a whole here, so that there is nothing to wait for; what
 * waiting does is for file-source.test.ts.
 */
const settleAfter = 50

export async function serve(files: Files, settings: Partial<Settings> = {}): Promise<Serving> {
  const directory = await mkdtemp(join(tmpdir(), 'shadowplane-feature-'))
  const proxies: EnvoyDouble[] = []
  const told = recordTold()
  const write = async (changed: Files): Promise<void> => {
    for (const [name, text] of Object.entries(changed)) {
      await writeFile(join(directory, `.${name}.part`), text)
      await rename(join(directory, `.${name}.part`), join(directory, name))
    }
  }
  await write(files)
  const plane = await startControlPlane(
    {
      paths: [directory],
      settleAfter,
      listen: '127.0.0.1:0',
      admin: '127.0.0.1:0',
      settings: { ...defaultSettings, ...settings },
    },
    told.observe,
  )
  onTestFinished(async () => {
    await Promise.all(proxies.map((proxy) => proxy.close()))
    await plane.close()
    await rm(directory, { recursive: true })
  })
  const ofCode = (code: Code): string | undefined => told.inForce().find((each) => each.code === code)?.text
  return {
    xds: plane.xdsAddress,
    admin: plane.adminAddress,
    write,
    remove: (name) => rm(join(directory, name)),
    async proxy(identity, mode = 'delta') {
      const proxy = new EnvoyDouble(plane.xdsAddress, {
        mode,
        ...(identity === undefined ? {} : { node: node(identity) }),
      })
      proxies.push(proxy)
      await proxy.until(
        'listeners and their routes',
        (each) =>
          each.held('listener').size > 0 &&
          each.client.names('route').length === each.held('route').size &&
          each.held('route').size > 0,
      )
      return proxy
    },
    told: async (code) =>
      (await told.until(`a diagnostic ${code}`, () => ofCode(code))).replaceAll(`${directory}/`, ''),
    mistakes: () =>
      told
        .inForce()
        .filter((each) => each.severity !== 'info')
        .map((each) => each.code)
        .toSorted(),
    texts: () => told.inForce().map(({ text }) => text.replaceAll(`${directory}/`, '')),
    resolved: async (code) => {
      await told.until(`no diagnostic ${code}`, () => (ofCode(code) === undefined ? true : undefined))
    },
  }
}

/** A mirror as a proxy holds it. */
export interface ObservedMirror {
  readonly cluster: string
  /** `5 of a million` as 5. */
  readonly millionths: number
}

/** The routes that a proxy holds of objects, in order; routes without an object are left out. */
export function routes(proxy: EnvoyDouble): readonly Route[] {
  return [...proxy.held('route').values()]
    .flatMap((each) => routesOf(each))
    .filter((route) => route.metadata !== undefined)
}

export function mirrors(proxy: EnvoyDouble): readonly ObservedMirror[] {
  return routes(proxy)
    .flatMap((route) => route.route?.request_mirror_policies ?? [])
    .map(({ cluster: target = '', runtime_fraction: fraction }) => {
      const { numerator = 0, denominator = 'HUNDRED' } = fraction?.default_value ?? {}
      if (denominator !== 'MILLION') throw new Error(`the denominator of ${target} is ${denominator}`)
      return { cluster: target, millionths: numerator }
    })
}

/** The clusters that primary requests go to, in the order of the routes. */
export function primaries(proxy: EnvoyDouble): readonly string[] {
  return routes(proxy).flatMap(({ route }) =>
    [route?.cluster ?? [], (route?.weighted_clusters?.clusters ?? []).map((each) => each.name ?? '')].flat(),
  )
}

export function cluster(proxy: EnvoyDouble, name: string): Cluster | undefined {
  return proxy.held('cluster').get(name) as Cluster | undefined
}

/** `address:port` of the endpoints that a proxy holds for a cluster. */
export function endpoints(proxy: EnvoyDouble, name: string): readonly string[] {
  return [
    ...JSON.stringify(proxy.held('endpoint').get(name) ?? null).matchAll(
      /"address":"([^"]+)","port_value":(\d+)/g,
    ),
  ].map(([, address, port]) => `${address}:${port}`)
}
