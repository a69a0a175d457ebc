import type { Scope, ScopeKey } from '../../xds/scope.ts'
import type { RouteConfigurationPlan } from './plan.ts'
import { aliasDomains, isHttp, visibleServices } from './service-port.ts'
import type { MeshModel } from './sidecar-plan.ts'
import { tablesFor, tablesInOrder } from './table-order.ts'

/**
 * The API listeners of proxyless gRPC clients: `host:port` for each port of a service that can speak HTTP,
 * under each of the host's names. A client asks for the name that it dials, and looks for it among the
 * domains (gRPC proposal A27).
 */
export function planGrpc(key: ScopeKey, scope: Scope, model: MeshModel): readonly RouteConfigurationPlan[] {
  const services = visibleServices(model.services, scope)
  const tables = tablesInOrder(model.tables, scope.namespace)
  return services.flatMap((service) =>
    service.ports.filter(isHttp).map(({ number: port }): RouteConfigurationPlan => {
      const names = [service.host, ...aliasDomains(service, scope)]
      const withPort = names.map((name) => `${name}:${port}`)
      const name = `${service.host}:${port}`
      return {
        scope: key,
        name,
        listener: { kind: 'api', names: withPort },
        port,
        virtualHosts: [
          {
            scope: key,
            routeConfiguration: name,
            name,
            domains: [...withPort, ...names],
            port,
            attachedTo: ['mesh'],
            tables: tablesFor(service.host, tables),
            sharing: 'first',
            otherwise: { kind: 'service', host: service.host },
          },
        ],
        origins: [service.origin],
        diagnostics: [],
      }
    }),
  )
}
