import type { Collection, Fetch } from '../collection/collection.ts'
import type { Service } from '../model/backend.ts'
import type { GatewayListener } from '../model/gateway.ts'
import type { Scope, ScopeKey } from '../xds/scope.ts'
import { planGateway } from './gateway-plan.ts'
import { gatewayTargetPort } from './gateway-port.ts'
import { planGrpc } from './grpc-plan.ts'
import type { RouteConfigurationPlan, RouteTableHead } from './plan.ts'
import { planSidecar } from './sidecar-plan.ts'

export interface ListenerCollections {
  readonly listeners: Collection<GatewayListener>
  readonly tablesByAttachment: Collection<readonly RouteTableHead[]>
  readonly servicesByHost: Collection<readonly Service[]>
}

/** Every listener of a scope's proxies, with its virtual hosts planned; by `<scope>|<route configuration>`. */
export function planListeners(collections: ListenerCollections, scope: Scope, { fetch, key }: { readonly fetch: Fetch; readonly key: string }): readonly (readonly [string, RouteConfigurationPlan])[] {
  const { listeners, tablesByAttachment, servicesByHost } = collections
  const services = (): readonly Service[] => fetch.all(servicesByHost).flatMap(([, same]) => same)
  const tablesOf = (attachment: string): readonly RouteTableHead[] => fetch(tablesByAttachment, attachment) ?? []
  const plansFor = (scopeKey: ScopeKey): readonly RouteConfigurationPlan[] => {
    switch (scope.role) {
      case 'gateway': return planGateway(scopeKey, scope, {
        listeners: fetch.all(listeners).map(([, each]) => each), tablesOf, targetPort: gatewayTargetPort(scope, services),
      })
      case 'sidecar': return planSidecar(scopeKey, scope, { services: services(), tables: tablesOf('mesh') })
      case 'grpc': return planGrpc(scopeKey, scope, { services: services(), tables: tablesOf('mesh') })
    }
  }
  return plansFor(key as ScopeKey).map((plan) => [`${key}|${plan.name}`, plan])
}
