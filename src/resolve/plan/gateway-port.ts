import { labelKeys } from '../../model/labels.ts'
import type { Collection } from '../../collection/collection.ts'
import type { Graph } from '../../collection/graph.ts'
import type { Endpoint, EndpointSet, Service } from '../../model/backend.ts'
import type { GatewayListener } from '../../model/gateway.ts'
import { ownServices } from './service-port.ts'
import type { Scope } from '../../xds/scope.ts'

/** Ports of a service → ports on which a proxy listens for them. */
export type Ports = Scope['portMap']

/** The services and endpoints that may be in front of a gateway. */
export interface GatewayServices {
  readonly services: () => readonly Service[]
  readonly endpointsOf: (host: string) => readonly Endpoint[]
}

/**
 * Maps a port of a Gateway to the port that its Pods listen on: a Gateway names ports of its own Services.
 * Own Services are those that select the proxy's labels, otherwise those that list its address among their
 * endpoints (istiod's GetProxyServiceTargets). Without such a Service the port is unchanged.
 */
export function gatewayTargetPort(
  scope: Scope,
  { services, endpointsOf }: GatewayServices,
): (port: number) => number {
  const own = Object.keys(scope.labels).length === 0 ? [] : ownServices(scope, services())
  if (own.length === 0) return (number) => scope.targetPorts?.[number] ?? number
  return (number) => {
    const [found] = own.flatMap((service) =>
      service.ports.filter((port) => port.number === number).map((port) => ({ port, host: service.host })),
    )
    if (found === undefined) return number
    // A target port that is a name is a number only in the endpoints.
    return (
      found.port.targetPort ??
      endpointsOf(found.host)
        .map(({ ports }) => ports[number])
        .find((each) => each !== undefined) ??
      number
    )
  }
}

/** The ports of one service at one of its addresses, if they differ from the service's own. */
interface PortsAtAddress {
  /** See `placeOf`. */
  readonly place: string
  readonly ports: Ports
}

export interface AddressCollections {
  readonly graph: Graph
  readonly services: Collection<Service>
  readonly listeners: Collection<GatewayListener>
  readonly endpointsByHost: Collection<readonly EndpointSet[]>
}

/**
 * The target ports at each address, by `placeOf`: of services without a selector, and of services whose
 * selector has a label that some Gateway names. Endpoints of other services do not concern gateways.
 */
export function portsByAddress({
  graph,
  services,
  listeners,
  endpointsByHost,
}: AddressCollections): Collection<Ports> {
  const gatewayLabels = graph.derive('labels of gateways', listeners, ({ selector }) =>
    labelKeys(selector).map((label) => [label, true] as const),
  )
  const each = graph.derive('ports at addresses', services, (service, fetch, key) =>
    service.discovery === 'endpoints' &&
    (service.selector === undefined ||
      labelKeys(service.selector).some((label) => fetch(gatewayLabels, label) === true))
      ? (fetch(endpointsByHost, service.host) ?? [])
          .flatMap(({ endpoints }) => endpoints)
          .flatMap((endpoint, index) => {
            const ports = otherPorts(endpoint)
            return Object.keys(ports).length === 0
              ? []
              : [[`${key}|${index}`, { place: placeOf(service.namespace, endpoint.address), ports }] as const]
          })
      : [],
  )
  const byPlace = graph.groupBy('ports by address', each, ({ place }: PortsAtAddress) => [place])
  return graph.derive('target ports by address', byPlace, (found, _, place) => [
    [place, found.reduceRight<Ports>((all, { ports }) => ({ ...all, ...ports }), {})] as const,
  ])
}

/**
 * The key of an address within a namespace: a service cannot move the listeners of gateways in other
 * namespaces.
 */
export function placeOf(namespace: string, address: string): string {
  return `${namespace}/${address}`
}

function otherPorts({ ports }: Endpoint): Ports {
  return Object.fromEntries(Object.entries(ports).filter(([number, target]) => Number(number) !== target))
}
