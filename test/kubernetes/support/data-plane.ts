import { parseAllDocuments } from 'yaml'
import { markHeader, shopManifests, shopRoute } from '../../../bench/support/kubernetes/cluster-shop.ts'
import { freePort } from '../../../bench/support/free-port.ts'
import { gatewayBootstrap } from '../../../bench/support/scene.ts'
import { startLoad } from '../../../bench/support/steady-load.ts'
import { defaultSettings, parseHostPort } from '../../../src/control-plane/config.ts'
import { startControlPlane } from '../../../src/control-plane/control-plane.ts'
import { startBackend } from '../../../src/demo/backend.ts'
import type { Tally } from '../../../src/demo/tally.ts'
import { findEnvoy } from '../../../src/envoy/binary.ts'
import { startEnvoy } from '../../../src/envoy/process.ts'
import type { KubernetesApi } from '../../../src/kubernetes/api.ts'
import type { ClusterConfig } from '../../../src/sources/cluster/cluster-source.ts'
import { until } from './cluster.ts'
import { apply } from './definitions.ts'

/**
 * A control plane that reads a cluster, a real Envoy, and requests to it at a steady rate, of which each
 * tenth or so is copied.
 */
export interface DataPlane {
  tally(): Tally
  /** Changes the route, and waits until requests obey. */
  follows(mark: string): Promise<void>
  close(): Promise<void>
}

/** Requests a second. */
const rate = 50

/** Applies the objects by `api`, and reads them as `config` says. Resolves when requests are answered. */
export async function dataPlane(api: KubernetesApi, config: ClusterConfig): Promise<DataPlane> {
  await using parts = new AsyncDisposableStack()
  const keep = <T extends { close(): Promise<void> }>(part: T): T => parts.adopt(part, (each) => each.close())
  const production = keep(await startBackend({ name: 'production', port: 0, onRequest: () => undefined }))
  const mirror = keep(await startBackend({ name: 'mirror', port: 0, onRequest: () => undefined }))
  await applyText(api, shopManifests({ production: production.port, mirror: mirror.port }))
  const plane = keep(
    await startControlPlane(
      {
        paths: [],
        kubernetes: config,
        listen: '127.0.0.1:0',
        admin: '127.0.0.1:0',
        settings: defaultSettings,
      },
      () => undefined,
    ),
  )
  const port = await freePort()
  const { path } = await findEnvoy({ env: process.env })
  const envoy = keep(
    await startEnvoy({
      binary: path,
      bootstrap: gatewayBootstrap(
        { xds: parseHostPort('xDS address', plane.xdsAddress), mode: 'delta' },
        port,
      ),
    }),
  )
  await envoy.ready()
  const mark = (): Promise<string | null> =>
    fetch(`http://127.0.0.1:${port}/headers`).then(
      async (answer) => {
        await answer.arrayBuffer()
        return answer.headers.get(markHeader)
      },
      () => null,
    )
  await until('an answer', async () => (await mark()) === 'none')
  const load = keep(startLoad({ port, rate, hosts: { 'shop.example': 'production' } }))
  const owned = parts.move()
  return {
    tally: load.tally,
    async follows(wanted) {
      await applyText(api, shopRoute({ percentage: 10, mark: wanted }))
      await until(`requests to obey ${wanted}`, async () => (await mark()) === wanted)
    },
    close: () => owned.disposeAsync(),
  }
}

interface NamedObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string }
}

async function applyText(api: KubernetesApi, text: string): Promise<void> {
  for (const document of parseAllDocuments(text)) {
    const object = document.toJS() as NamedObject
    const plural = `${object.kind.toLowerCase()}s`.replace(/(?<![aeiou])ys$/, 'ies')
    await apply(api, `/apis/${object.apiVersion}/namespaces/default/${plural}`, object)
  }
}
