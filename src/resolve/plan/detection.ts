import type { Service, ServicePort } from '../../model/backend.ts'
import { clusterName } from '../../model/names.ts'
import type { ScopeKey } from '../../xds/scope.ts'
import type { RouteConfigurationPlan, RouteTableHead } from './plan.ts'
import { isDetected } from './service-port.ts'
import { tablesFor } from './table-order.ts'
import { claimAddresses } from './virtual-address.ts'

/**
 * The listeners of a port that declares no protocol, one for each virtual address of its service: what begins
 * as HTTP does takes the routes `host:port`, and all else goes to the service's cluster as it is. Without an
 * address there are none.
 */
export function planDetected(
  key: ScopeKey,
  services: readonly Service[],
  tables: readonly RouteTableHead[],
): readonly RouteConfigurationPlan[] {
  const addressesOf = claimAddresses(services)
  return services.flatMap((service) =>
    service.ports.filter(isDetected).flatMap((port) => {
      const addresses = addressesOf(service, port)
      return addresses.length === 0 ? [] : [planPort(key, { service, port, addresses, tables })]
    }),
  )
}

interface DetectedPort {
  readonly service: Service
  readonly port: ServicePort
  readonly addresses: readonly string[]
  readonly tables: readonly RouteTableHead[]
}

function planPort(
  key: ScopeKey,
  { service, port: { number: port }, addresses, tables }: DetectedPort,
): RouteConfigurationPlan {
  const name = `${service.host}:${port}`
  return {
    scope: key,
    name,
    listener: {
      kind: 'intercepted',
      listeners: addresses.map((address) => ({
        name: `${address}_${port}`,
        direction: 'outbound',
        address,
        port,
        socket: 'none',
        chains: [
          {
            name: `${address}_${port}-http`,
            speaks: 'http',
            target: { kind: 'routes', routeConfiguration: name },
          },
        ],
        otherwise: { kind: 'cluster', cluster: clusterName(port, undefined, service.host) },
      })),
    },
    port,
    // The address says which service is meant, whatever the Host header says.
    virtualHosts: [
      {
        scope: key,
        routeConfiguration: name,
        name,
        domains: ['*'],
        port,
        attachedTo: ['mesh'],
        sharing: 'first',
        tables: tablesFor(service.host, tables),
        otherwise: { kind: 'service', host: service.host },
      },
    ],
    origins: [service.origin],
    diagnostics: [],
  }
}
