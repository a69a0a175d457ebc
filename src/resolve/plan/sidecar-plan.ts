import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import type { Service, ServicePort } from '../../model/backend.ts'
import { clusterName, compareText, hostIsWithin } from '../../model/names.ts'
import type { OutsideTraffic } from '../../model/settings.ts'
import { sharedListener } from './interception.ts'
import { boundAddress, boundPort, claimDomains } from './plan.ts'
import type { ListenerPlan, RouteConfigurationPlan, RouteTableHead, VirtualHostPlan } from './plan.ts'
import {
  aliasDomains,
  hasHttpPort,
  isDetected,
  isHttp,
  needsSharedRoutes,
  visibleServices,
} from './service-port.ts'
import { tablesFor, tablesInOrder, tablesNaming } from './table-order.ts'
import { claimAddresses } from './virtual-address.ts'
import type { Scope, ScopeKey } from '../../xds/scope.ts'

export interface MeshModel {
  /** Sorted by host. */
  readonly services: readonly Service[]
  /** Tables attached to the mesh. */
  readonly tables: readonly RouteTableHead[]
  readonly outside: OutsideTraffic
}

/** Istio puts hosts that are no service on this port. */
const defaultPort = 80

/**
 * The route configurations of a sidecar. With bound listeners: one for each port with an HTTP service. With
 * interception, each host of a port that declares no protocol has its own.
 */
export function planSidecar(
  key: ScopeKey,
  scope: Scope,
  model: MeshModel,
): readonly RouteConfigurationPlan[] {
  const services = visibleServices(model.services, scope)
  const tables = tablesInOrder(model.tables, scope.namespace)
  const question = { key, scope, tables, services, outside: model.outside }
  const httpPorts = [
    ...new Set(services.flatMap((service) => service.ports.filter(isHttp).map((port) => port.number))),
  ].toSorted((a, b) => a - b)
  if (scope.interception === 'redirect') {
    return [
      ...httpPorts
        .filter((port) => needsSharedRoutes(port, services))
        .map((port) => planPort({ ...question, port })),
      ...planDetected(key, services, tables),
    ]
  }
  const diagnostics = services.flatMap(unservedPorts)
  return httpPorts.map((port, index) => ({
    ...planPort({ ...question, port }),
    diagnostics: index === 0 ? diagnostics : [],
  }))
}

interface PortQuestion extends Pick<MeshModel, 'tables' | 'outside'> {
  readonly key: ScopeKey
  readonly scope: Scope
  readonly port: number
  /** All that the scope sees. */
  readonly services: readonly Service[]
}

function planPort(question: PortQuestion): RouteConfigurationPlan {
  const { key, port, services } = question
  return {
    scope: key,
    name: String(port),
    listener: listenerOf(question),
    port,
    virtualHosts: virtualHostsOf(question),
    origins: services.filter((service) => hasHttpPort(service, port)).map((service) => service.origin),
    diagnostics: [],
  }
}

function listenerOf({ scope, port, services, outside }: PortQuestion): ListenerPlan {
  if (scope.interception === 'redirect') {
    return {
      kind: 'intercepted',
      listeners: [
        sharedListener({ scope, port, visible: services, outside, routeConfiguration: String(port) }),
      ],
    }
  }
  return {
    kind: 'socket',
    side: 'sidecar',
    name: `127.0.0.1_${port}`,
    address: boundAddress(scope, '127.0.0.1'),
    port: boundPort(scope, port),
  }
}

function virtualHostsOf({
  key,
  scope,
  port,
  tables,
  services,
  outside,
}: PortQuestion): readonly VirtualHostPlan[] {
  const common = {
    scope: key,
    routeConfiguration: String(port),
    port,
    attachedTo: ['mesh'],
    sharing: 'first' as const,
  }
  const ofPort = services.filter((service) => hasHttpPort(service, port))
  const claim = claimDomains(ofPort.map((service) => service.host))
  const ofServices = ofPort.map((service): VirtualHostPlan => ({
    ...common,
    name: `${service.host}:${port}`,
    domains: claim(service.host, [...aliasDomains(service, scope), ...service.addresses]),
    tables: tablesFor(service.host, tables),
    fallback: { kind: 'service', host: service.host },
  }))
  const ofTables =
    port === defaultPort
      ? unregisteredHosts(tables, services).map((host): VirtualHostPlan => ({
          ...common,
          name: `${host}:${port}`,
          domains: claim(host, []),
          tables: tablesNaming(host, tables),
          fallback: { kind: 'nothing' },
        }))
      : []
  const hosts = [...ofServices, ...ofTables]
    .filter((host) => host.domains.length > 0)
    .toSorted((a, b) => compareText(a.name, b.name))
  if (hosts.some((host) => host.domains.includes('*'))) return hosts
  return [...hosts, { ...common, domains: ['*'], tables: [], ...catchAll(scope, outside) }]
}

/** A bound listener does not know the original destination, so it can only refuse. */
function catchAll(
  { interception }: Scope,
  outside: OutsideTraffic,
): Pick<VirtualHostPlan, 'name' | 'fallback'> {
  return interception === 'redirect' && outside === 'allow'
    ? { name: 'allow_any', fallback: { kind: 'pass-through' } }
    : { name: 'block_all', fallback: { kind: 'status', status: 502 } }
}

function unregisteredHosts(tables: readonly RouteTableHead[], known: readonly Service[]): readonly string[] {
  const hosts = new Set(tables.flatMap((table) => table.hosts))
  const services = new Set(known.map((service) => service.host))
  const isRegistered = (host: string): boolean =>
    host.startsWith('*') ? known.some((service) => hostIsWithin(service.host, host)) : services.has(host)
  return [...hosts].filter((host) => !isRegistered(host)).toSorted(compareText)
}

/** Ports that bound listeners do not serve. With interception every port is served. */
function unservedPorts(service: Service): readonly Diagnostic[] {
  const found = { code: 'service/unsupported-protocol', severity: 'info', origin: service.origin } as const
  return service.ports.flatMap((each): readonly Diagnostic[] => {
    const port = `port ${each.number} of ${service.host}`
    if (isDetected(each)) {
      return [
        {
          ...found,
          message: `${port} does not say its protocol: sidecars with bound listeners take it for HTTP`,
          hint: 'set its appProtocol, or begin its name with http-, grpc- or tcp-',
        },
      ]
    }
    return isHttp(each)
      ? []
      : [
          {
            ...found,
            message: `${port} is ${each.protocol}, not HTTP: sidecars with bound listeners have none for it`,
          },
        ]
  })
}

/**
 * The listeners of a port that declares no protocol, one for each virtual address of its service. HTTP takes
 * the routes `host:port`; other connections go to the service's cluster unchanged. A service without an
 * address has none.
 */
function planDetected(
  key: ScopeKey,
  services: readonly Service[],
  tables: readonly RouteTableHead[],
): readonly RouteConfigurationPlan[] {
  const addressesOf = claimAddresses(services)
  return services.flatMap((service) =>
    service.ports.filter(isDetected).flatMap((port) => {
      const addresses = addressesOf(service, port)
      return addresses.length === 0 ? [] : [planDetectedPort(key, { service, port, addresses, tables })]
    }),
  )
}

interface DetectedPort {
  readonly service: Service
  readonly port: ServicePort
  readonly addresses: readonly string[]
  readonly tables: readonly RouteTableHead[]
}

function planDetectedPort(
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
        fallback: { kind: 'cluster', cluster: clusterName(port, undefined, service.host) },
      })),
    },
    port,
    // The address identifies the service, whatever the Host header is.
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
        fallback: { kind: 'service', host: service.host },
      },
    ],
    origins: [service.origin],
    diagnostics: [],
  }
}
