import type { EnvoyConfiguration, VirtualHost } from '../../src/simulate/configuration.ts'
import type { ClusterState } from '../../src/simulate/cluster.ts'
import type { Forwarding } from '../../src/simulate/forward.ts'
import { simulate } from '../../src/simulate/simulate.ts'
import type { Simulation } from '../../src/simulate/simulation.ts'
import type { EnvoyDouble } from '../support/envoy-double.ts'
import type { TypeName } from '../../src/xds/resource-types.ts'
import { workloads } from './intents/ground.ts'
import type { Edge } from './intents/ground.ts'
import type { Ask, VisibleModel } from './intent.ts'

/** Waits until the proxy has the endpoints of its clusters and the virtual hosts of its routes. */
export async function complete(proxy: EnvoyDouble): Promise<EnvoyDouble> {
  await proxy.until(
    'endpoints and virtual hosts',
    (each) =>
      each.client.names('endpoint').every((name) => each.held('endpoint').has(name)) &&
      (each.held('virtual-host').size > 0 ||
        ![...each.held('route').values()].some((route) => route['vhds'] !== undefined)),
  )
  return proxy
}

/** The treatment of the request by a proxy with these resources: Envoy's own rules, as `explain` has them. */
export function sightOf(
  proxy: EnvoyDouble,
  edge: Edge,
  { path = '/', headers = [], sees }: Partial<Ask>,
): VisibleModel {
  const request = {
    scheme: 'http',
    address: '127.0.0.1',
    port: edge.port,
    method: 'GET',
    authority: edge.host,
    path,
    headers,
  } as const
  const configuration = configurationOf(proxy)
  const { outcome } = simulate(configuration, request)
  if (outcome.kind !== 'forward') return { primary: [answerOf(outcome)], copies: [] }
  const { forwarding } = outcome
  return {
    primary: primaryOf(forwarding, configuration),
    copies: forwarding.mirrors
      .filter(({ millionths }) => millionths > 0)
      .map((mirror) => ({
        to: nameOf(configuration, mirror),
        millionths: mirror.millionths,
        host: mirror.authorities.join(' or '),
        path: mirror.path,
      })),
    ...(sees?.timeout === undefined ? {} : { timeout: forwarding.timeout }),
    ...(sees?.retries === undefined ? {} : { retries: forwarding.retries?.attempts ?? 0 }),
  }
}

function configurationOf(proxy: EnvoyDouble): EnvoyConfiguration {
  const all = (type: TypeName): readonly unknown[] => [...proxy.held(type).values()]
  return {
    listeners: all('listener') as EnvoyConfiguration['listeners'],
    routeConfigurations: all('route') as EnvoyConfiguration['routeConfigurations'],
    virtualHosts: all('virtual-host') as readonly VirtualHost[],
    clusters: all('cluster') as EnvoyConfiguration['clusters'],
    loadAssignments: all('endpoint') as EnvoyConfiguration['loadAssignments'],
  }
}

function answerOf(outcome: Exclude<Simulation['outcome'], { readonly kind: 'forward' }>): string {
  switch (outcome.kind) {
    case 'redirect':
      return `${outcome.redirection.status} ${outcome.redirection.location}`
    case 'direct-response':
      return String(outcome.status)
    case 'tcp':
      return `tcp ${outcome.cluster}`
    case 'refused':
      return `${outcome.status ?? 'no connection'}: ${outcome.because}`
  }
}

function primaryOf(
  { destinations, totalWeight }: Forwarding,
  configuration: EnvoyConfiguration,
): readonly string[] {
  if (destinations.length === 1) return destinations.map((each) => nameOf(configuration, each))
  return destinations
    .toSorted((a, b) => b.weight - a.weight)
    .map((each) => `${nameOf(configuration, each)} ${(each.weight / totalWeight) * 100}`)
}

/** Clusters have the names of each dialect's own controller, so the test compares them by their endpoints. */
function nameOf(
  { clusters }: EnvoyConfiguration,
  { cluster, state }: { readonly cluster: string; readonly state: ClusterState },
): string {
  const found = clusters.find(({ name }) => name === cluster)
  return `${found?.transport_socket === undefined ? '' : 'TLS '}${placeOf(state, cluster)}`
}

function placeOf(state: ClusterState, cluster: string): string {
  switch (state.kind) {
    case 'endpoints': {
      const endpoints = state.ready.toSorted().join()
      return workloads[endpoints] ?? endpoints
    }
    case 'dns':
      return state.names.join()
    case 'missing':
      return `no cluster ${cluster}`
    case 'original-destination':
      return 'where the client was going'
  }
}
