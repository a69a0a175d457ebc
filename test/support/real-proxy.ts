import { onTestFinished } from 'vitest'
import { freePort } from '../../bench/support/free-port.ts'
import { findEnvoy } from '../../src/envoy/binary.ts'
import { bootstrap, defaultBootstrap } from '../../src/envoy/bootstrap.ts'
import type { Identity } from '../../src/envoy/node.ts'
import type { EnvoyProcess } from '../../src/envoy/process.ts'
import { startEnvoy } from '../../src/envoy/process.ts'
import { askingAt } from './asking.ts'
import type { Asking } from './asking.ts'
import { waitFor } from './wait-for.ts'

export interface RealProxyOptions extends Identity {
  /** `host:port` of the xDS server. */
  readonly xds: string
  /** The listener to ask. */
  readonly listener: number
  /** Where it listens; a free port of 127.0.0.1 if absent. */
  readonly at?: { readonly address: string; readonly port: number }
}

/** A stock Envoy that has its listeners, and a client of one of them. It ends with the test. */
export interface RealProxy extends Asking {
  readonly envoy: EnvoyProcess
  readonly address: string
  readonly port: number
  /** Waits until no request is under way in any cluster: every copy has arrived, and is answered. */
  settled(): Promise<void>
  /** Requests that a cluster has sent to its endpoints, by the cluster's name. */
  sent(): Promise<ReadonlyMap<string, number>>
}

export async function realProxy({ xds, listener, at, ...identity }: RealProxyOptions): Promise<RealProxy> {
  const { address, port } = at ?? { address: '127.0.0.1', port: await freePort() }
  const [host = '', xdsPort = ''] = xds.split(':')
  const { path } = await findEnvoy({ env: process.env })
  const options = {
    ...defaultBootstrap,
    ...identity,
    xds: { host, port: Number(xdsPort) },
    bindAddress: address,
    portMap: { [listener]: port },
  }
  const envoy = await startEnvoy({ binary: path, bootstrap: bootstrap(options) })
  onTestFinished(() => envoy.close())
  await envoy.ready()
  return {
    ...askingAt(address, port),
    envoy,
    address,
    port,
    settled: async () => {
      await waitFor({ what: 'the last copy', look: async () => (await underWay(envoy)) === 0 || undefined })
    },
    sent: async () =>
      new Map(
        [...(await envoy.stats('^cluster\\..*\\.upstream_rq_total$'))].map(([name, value]) => [
          clusterOf(name),
          value,
        ]),
      ),
  }
}

/** The stream to the control plane is a request that never ends. */
const controlPlane = 'cluster.shadowplane.'

async function underWay(envoy: EnvoyProcess): Promise<number> {
  const stats = await envoy.stats('^cluster\\..*\\.upstream_rq_(pending_)?active$')
  return [...stats]
    .filter(([name]) => !name.startsWith(controlPlane))
    .reduce((sum, [, value]) => sum + value, 0)
}

function clusterOf(statistic: string): string {
  return statistic.slice('cluster.'.length, statistic.lastIndexOf('.'))
}
