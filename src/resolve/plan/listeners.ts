import type { Collection, Fetch } from '../../collection/collection.ts'
import type { Entry } from '../../collection/entries.ts'
import type { Endpoint, EndpointSet, Service } from '../../model/backend.ts'
import type { EgressListener } from '../../model/egress.ts'
import type { GatewayListener } from '../../model/gateway.ts'
import type { OutsideTraffic } from '../../model/settings.ts'
import { listenerForPort, servicesThrough, shownServices, tablesThrough } from '../egress.ts'
import type { EgressScope } from '../egress.ts'
import { planGateway } from './gateway-plan.ts'
import { gatewayTargetPort } from './gateway-port.ts'
import { gatewaySockets } from './gateway-servers.ts'
import type { SocketServers } from './gateway-servers.ts'
import type { InterceptionPart } from './intercepted.ts'
import { planInterception } from './interception.ts'
import type { RouteConfigurationPlan, RouteTableHead } from './plan.ts'
import { boundAddress } from './plan.ts'
import { aliasDomains, isHttp, visibleServices } from './service-port.ts'
import { planSidecar } from './sidecar-plan.ts'
import type { MeshModel } from './sidecar-plan.ts'
import { tablesFor, tablesInOrder } from './table-order.ts'
import type { Scope, ScopeKey } from '../../xds/scope.ts'

export interface ListenerCollections {
  readonly listeners: Collection<GatewayListener>
  readonly tablesByAttachment: Collection<readonly RouteTableHead[]>
  readonly servicesByHost: Collection<readonly Service[]>
  readonly endpointsByHost: Collection<readonly EndpointSet[]>
  readonly egressScopes: Collection<EgressScope>
  readonly outside: OutsideTraffic
}

/** The run of a transform for one scope: its fetch, and the key of the scope. */
export interface ScopeRun {
  readonly fetch: Fetch
  readonly key: string
}

/**
 * Every listener of a scope's proxies, with its virtual hosts planned; by `<scope>|<route configuration>`.
 */
export function planListeners(
  collections: ListenerCollections,
  scope: Scope,
  { fetch, key }: ScopeRun,
): readonly Entry<RouteConfigurationPlan>[] {
  const { listeners, tablesByAttachment, servicesByHost, endpointsByHost, egressScopes, outside } =
    collections
  const services = (): readonly Service[] => values(fetch.all(servicesByHost)).flat()
  const tablesOf = (attachment: string): readonly RouteTableHead[] =>
    fetch(tablesByAttachment, attachment) ?? []
  const mesh = (): MeshModel => ({ services: services(), tables: tablesOf('mesh'), outside })
  const plansFor = (scopeKey: ScopeKey): readonly RouteConfigurationPlan[] => {
    switch (scope.role) {
      case 'gateway':
        return planGateway(scopeKey, scope, {
          listeners: values(fetch.all(listeners)),
          tablesOf,
          targetPort: gatewayTargetPort(scope, {
            services,
            endpointsOf: endpointsIn(endpointsByHost, fetch),
          }),
        })
      case 'sidecar':
        return plansThrough(fetch(egressScopes, key), scope, {
          model: mesh(),
          plan: (model) => planSidecar(scopeKey, scope, model),
        })
      case 'grpc':
        return plansThrough(fetch(egressScopes, key), scope, {
          model: mesh(),
          plan: (model) => planGrpc(scopeKey, scope, model),
        })
    }
  }
  return plansFor(key as ScopeKey).map((plan) => [`${key}|${plan.name}`, plan])
}

type SocketCollections = Pick<ListenerCollections, 'listeners' | 'servicesByHost' | 'endpointsByHost'>

/** The TLS sockets of a gateway scope, by `<scope>|<listener>`; other scopes have none. */
export function planTlsSockets(
  { listeners, servicesByHost, endpointsByHost }: SocketCollections,
  scope: Scope,
  { fetch, key }: ScopeRun,
): readonly Entry<TlsSocket>[] {
  if (scope.role !== 'gateway') return []
  const services = (): readonly Service[] => values(fetch.all(servicesByHost)).flat()
  const sockets = gatewaySockets(scope, {
    listeners: values(fetch.all(listeners)),
    targetPort: gatewayTargetPort(scope, { services, endpointsOf: endpointsIn(endpointsByHost, fetch) }),
  })
  return sockets
    .filter(({ protocol }) => protocol === 'tls')
    .map((socket) => [`${key}|${socket.listener}`, { scope: key as ScopeKey, socket }])
}

export interface TlsSocket {
  readonly scope: ScopeKey
  readonly socket: SocketServers
}

export type InterceptionCollections = Pick<
  ListenerCollections,
  'servicesByHost' | 'endpointsByHost' | 'egressScopes' | 'outside'
>

/**
 * The additional listeners and clusters of a scope with interception, by `<scope>|<kind>|<name>`; other
 * scopes have none.
 */
export function planInterceptions(
  collections: InterceptionCollections,
  scope: Scope,
  { fetch, key }: ScopeRun,
): readonly Entry<InterceptionPart>[] {
  if (scope.interception !== 'redirect') return []
  const { servicesByHost, endpointsByHost, egressScopes, outside } = collections
  const services = values(fetch.all(servicesByHost)).flat()
  const limits = fetch(egressScopes, key)
  const shown = limits === undefined ? services : shownServices(limits, services)
  const parts = planInterception(key as ScopeKey, scope, {
    services,
    visible: visibleServices(shown, scope),
    outside: limits?.outsideTraffic ?? outside,
    endpointsOf: endpointsIn(endpointsByHost, fetch),
  })
  return parts.map((part) => [
    `${key}|${part.kind}|${part.kind === 'listener' ? part.listener.name : part.cluster.name}`,
    part,
  ])
}

function endpointsIn(
  endpointsByHost: Collection<readonly EndpointSet[]>,
  fetch: Fetch,
): (host: string) => readonly Endpoint[] {
  return (host) => (fetch(endpointsByHost, host) ?? []).flatMap((set) => set.endpoints)
}

function values<V>(entries: readonly Entry<V>[]): readonly V[] {
  return entries.map(([, value]) => value)
}

/**
 * The API listeners of proxyless gRPC clients: `host:port` for each port that can speak HTTP, under each name
 * of the host. A client subscribes to the name that it dials, and looks for that name among the domains (gRPC
 * proposal A27).
 */
function planGrpc(key: ScopeKey, scope: Scope, model: MeshModel): readonly RouteConfigurationPlan[] {
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
            fallback: { kind: 'service', host: service.host },
          },
        ],
        origins: [service.origin],
        diagnostics: [],
      }
    }),
  )
}

/**
 * The plans of a scope, limited by its egress rule. Each listener of the rule has its own services and route
 * tables, and takes the ports that no earlier listener takes.
 */
function plansThrough(
  egressScopes: EgressScope | undefined,
  scope: Scope,
  {
    model,
    plan,
  }: { readonly model: MeshModel; readonly plan: (model: MeshModel) => readonly RouteConfigurationPlan[] },
): readonly RouteConfigurationPlan[] {
  if (egressScopes === undefined) return plan(model)
  return egressScopes.listeners.flatMap((listener) =>
    plan({
      ...model,
      services: servicesThrough(listener, model.services),
      tables: tablesThrough(listener, model.tables),
      outside: egressScopes.outsideTraffic ?? model.outside,
    })
      .filter(({ port }) => listenerForPort(egressScopes, port) === listener)
      .map((each) => bound(each, listener, scope)),
  )
}

/** Binds the plan's listener where the egress rule says. */
function bound(plan: RouteConfigurationPlan, { bind }: EgressListener, scope: Scope): RouteConfigurationPlan {
  if (bind === '' || plan.listener.kind !== 'socket') return plan
  return {
    ...plan,
    listener: { ...plan.listener, name: `${bind}_${plan.port}`, address: boundAddress(scope, bind) },
  }
}
