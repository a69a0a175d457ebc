import type { Protocol, Service, ServicePort } from '../../model/backend.ts'
import { hasLabels } from '../../model/labels.ts'
import { compareText } from '../../model/names.ts'
import { isVisible } from '../../model/visibility.ts'
import type { Scope } from '../../xds/scope.ts'

const httpProtocols: readonly Protocol[] = ['http1', 'http2', 'detect']

/** Whether a port speaks HTTP, or may. */
export function isHttp({ protocol }: ServicePort): boolean {
  return httpProtocols.includes(protocol)
}

/** Whether its connections are passed on as they are. */
export function isOpaque({ protocol }: ServicePort): boolean {
  return protocol === 'tcp' || protocol === 'tls'
}

/** Whether it declares no protocol, so that the first bytes of a connection tell. */
export function isDetected({ protocol }: ServicePort): boolean {
  return protocol === 'detect'
}

/** Whether the service has that port, and it speaks HTTP, or may. */
export function hasHttpPort(service: Service, number: number): boolean {
  return service.ports.some((port) => port.number === number && isHttp(port))
}

/**
 * With interception: whether the hosts of a port share one listener and one route configuration. A port with
 * a detected protocol needs this only if no virtual address distinguishes its services.
 */
export function needsSharedRoutes(number: number, services: readonly Service[]): boolean {
  return services.some(({ ports, addresses }) =>
    ports.some(
      (port) => port.number === number && isHttp(port) && (!isDetected(port) || addresses.length === 0),
    ),
  )
}

/**
 * The service that a proxy uses among several with one host: the one in its namespace, otherwise the first.
 */
export function nearestService(services: readonly Service[], { namespace }: Scope): Service | undefined {
  return services.find((service) => service.namespace === namespace) ?? services[0]
}

/**
 * The services that a proxy may see, sorted by host: of several with one host the one beside the proxy, else
 * the first by namespace.
 */
export function visibleServices(services: readonly Service[], scope: Scope): readonly Service[] {
  return oneByHost(
    services.filter(
      (service) =>
        service.namedBy === undefined &&
        isVisible(service.visibility, scope.namespace) &&
        service.externalName === undefined,
    ),
    scope,
  )
}

function oneByHost(services: readonly Service[], scope: Scope): readonly Service[] {
  const byHost = Map.groupBy(services, (service) => service.host)
  return [...byHost.values()]
    .map((same) => nearestService(same, scope))
    .filter((service) => service !== undefined)
    .toSorted((a, b) => compareText(a.host, b.host))
}

/** The further names under which the scope's proxies may know a service. */
export function aliasDomains(service: Service, scope: Scope): readonly string[] {
  return service.aliases
    .filter(({ onlyIn }) => onlyIn === undefined || onlyIn === scope.namespace)
    .map(({ domain }) => domain)
}

/** The services of the proxy's own workload: those of its namespace whose selector matches its labels. */
export function ownServices({ namespace, labels }: Scope, services: readonly Service[]): readonly Service[] {
  return services.filter((service) => {
    const { selector = {} } = service
    return service.namespace === namespace && Object.keys(selector).length > 0 && hasLabels(labels, selector)
  })
}
