import type { Pipeline } from '../../pipeline/pipeline.ts'
import type { EnvoyConfiguration } from '../../simulate/configuration.ts'
import { portOf } from '../../simulate/listener.ts'
import type { SimulatedRequest } from '../../simulate/request.ts'
import { simulate } from '../../simulate/simulate.ts'
import type { Simulation } from '../../simulate/simulation.ts'
import { decode } from '../../xds/proto.ts'
import type { Message, MessageName } from '../../xds/proto.ts'
import type { Resource } from '../../xds/resource.ts'
import type { TypeName } from '../../xds/resource-types.ts'
import { scopeKey } from '../../xds/scope.ts'
import type { Scope } from '../../xds/scope.ts'
import { resourcesOf } from '../resources.ts'

/** A proxy, and what it does with a request. */
export interface ProxyAnswer {
  readonly scope: Scope
  /** Ports that it listens on, sorted. */
  readonly ports: readonly number[]
  readonly simulation: Simulation
}

/**
 * Simulates the request at the proxies of this scope. Virtual hosts are separate resources here, so that each
 * has the origins of its own objects.
 */
export function answerOf(pipeline: Pipeline, given: Scope, request: SimulatedRequest): ProxyAnswer {
  const scope: Scope = { ...given, virtualHosts: 'separate' }
  const key = scopeKey(scope)
  pipeline.connect(key, scope)
  pipeline.flush()
  const configuration = configurationOf(resourcesOf(pipeline, key))
  const ports = configuration.listeners.map(portOf).filter((port) => port !== undefined)
  return {
    scope,
    ports: [...new Set(ports)].toSorted((a, b) => a - b),
    simulation: simulate(configuration, request),
  }
}

/** Resources of one scope as the simulator takes them. */
export function configurationOf(resources: readonly Resource[]): EnvoyConfiguration {
  return {
    listeners: decodedOf(resources, 'listener', 'envoy.config.listener.v3.Listener'),
    routeConfigurations: decodedOf(resources, 'route', 'envoy.config.route.v3.RouteConfiguration'),
    virtualHosts: decodedOf(resources, 'virtual-host', 'envoy.config.route.v3.VirtualHost'),
    clusters: decodedOf(resources, 'cluster', 'envoy.config.cluster.v3.Cluster'),
    loadAssignments: decodedOf(resources, 'endpoint', 'envoy.config.endpoint.v3.ClusterLoadAssignment'),
    runtime: Object.assign(
      {},
      ...decodedOf(resources, 'runtime', 'envoy.service.runtime.v3.Runtime').map(({ layer }) => layer),
    ) as Readonly<Record<string, unknown>>,
  }
}

function decodedOf<Name extends MessageName>(
  resources: readonly Resource[],
  type: TypeName,
  message: Name,
): readonly Message<Name>[] {
  return resources.filter((each) => each.type === type).map(({ bytes }) => decode(message, bytes))
}

/**
 * The answer of the proxy that the configuration most likely means: one that listens on the port, has a rule
 * for the host, and the closest one at that.
 */
export function mostLikely(answers: readonly ProxyAnswer[]): ProxyAnswer | undefined {
  return answers.toSorted((a, b) => unlikeliness(a) - unlikeliness(b))[0]
}

export function listens({ simulation }: ProxyAnswer): boolean {
  return simulation.listener !== undefined
}

function unlikeliness({ simulation }: ProxyAnswer): number {
  if (simulation.listener === undefined) return 40
  const domain = simulation.virtualHost?.domain
  const width = domain === undefined ? 3 : domain === '*' ? 2 : domain.includes('*') ? 1 : 0
  const isRule = simulation.taken?.route.metadata !== undefined
  return (
    (isRule ? 0 : simulation.outcome.kind === 'forward' ? 10 : simulation.taken !== undefined ? 20 : 30) +
    width
  )
}
