import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { Protocol, Service } from '../model/backend.ts'
import { compareSpecificity, compareText, hostIsWithin } from '../model/names.ts'
import { isVisible } from '../model/visibility.ts'
import type { Scope, ScopeKey } from '../xds/scope.ts'
import { claimDomains } from './domains.ts'
import type { RouteConfigurationPlan, RouteTableHead, VirtualHostPlan } from './plan.ts'
import { tablesInOrder } from './table-order.ts'

export interface MeshModel {
  /** Sorted by host. */
  readonly services: readonly Service[]
  /** Tables attached to the mesh. */
  readonly tables: readonly RouteTableHead[]
}

const httpProtocols: readonly Protocol[] = ['http1', 'http2', 'detect']

/** Istio puts hosts that are no service on this port. */
const defaultPort = 80

/** The listeners of a sidecar without interception: one for each port on which some service speaks HTTP. */
export function planSidecar(key: ScopeKey, scope: Scope, model: MeshModel): readonly RouteConfigurationPlan[] {
  const services = oneByHost(model.services.filter((service) => isVisible(service.visibility, scope.namespace) && service.externalName === undefined), scope)
  const tables = tablesInOrder(model.tables, scope.namespace)
  const ports = [...new Set(services.flatMap((service) => service.ports.filter(isHttp).map((port) => port.number)))].toSorted((a, b) => a - b)
  const diagnostics = services.flatMap(unservedPorts)
  return ports.map((port, index): RouteConfigurationPlan => ({
    scope: key,
    name: String(port),
    listener: {
      kind: 'socket', side: 'sidecar', name: `127.0.0.1_${port}`,
      address: scope.bindAddress === '' ? '127.0.0.1' : scope.bindAddress, port: scope.portMap[port] ?? port,
    },
    port,
    virtualHosts: planPort({ key, scope, port, tables, services: services.filter((service) => hasHttpPort(service, port)), known: services }),
    origins: services.filter((service) => hasHttpPort(service, port)).map((service) => service.origin),
    diagnostics: index === 0 ? diagnostics : [],
  }))
}

interface PortQuestion {
  readonly key: ScopeKey
  readonly scope: Scope
  readonly port: number
  readonly tables: readonly RouteTableHead[]
  /** Of this port. */
  readonly services: readonly Service[]
  readonly known: readonly Service[]
}

function planPort({ key, scope, port, tables, services, known }: PortQuestion): readonly VirtualHostPlan[] {
  const common = { scope: key, routeConfiguration: String(port), port, attachedTo: ['mesh'], sharing: 'first' as const }
  const claim = claimDomains(services.map((service) => service.host))
  const ofServices = services.map((service): VirtualHostPlan => ({
    ...common,
    name: `${service.host}:${port}`,
    domains: claim(service.host, [...aliasDomains(service, scope), ...service.addresses]),
    tables: tablesFor(service.host, tables),
    otherwise: { kind: 'service', host: service.host },
  }))
  const ofTables = port === defaultPort ? unregisteredHosts(tables, known).map((host): VirtualHostPlan => ({
    ...common,
    name: `${host}:${port}`,
    domains: claim(host, []),
    tables: tables.filter((table) => table.hosts.includes(host)).map((table) => table.key),
    otherwise: { kind: 'nothing' },
  })) : []
  const hosts = [...ofServices, ...ofTables].filter((host) => host.domains.length > 0).toSorted((a, b) => compareText(a.name, b.name))
  if (hosts.some((host) => host.domains.includes('*'))) return hosts
  return [...hosts, { ...common, name: 'block_all', domains: ['*'], tables: [], otherwise: { kind: 'status', status: 502 } }]
}

/** An exact host beats every wildcard, a longer wildcard a shorter one; of equal ones the first table counts. */
export function tablesFor(host: string, tables: readonly RouteTableHead[]): readonly string[] {
  const patterns = tables.flatMap((table) => table.hosts.filter((pattern) => hostIsWithin(host, pattern)))
  const [closest] = patterns.toSorted(compareSpecificity)
  if (closest === undefined) return []
  return tables.filter((table) => table.hosts.includes(closest)).map((table) => table.key)
}

function unregisteredHosts(tables: readonly RouteTableHead[], known: readonly Service[]): readonly string[] {
  const hosts = new Set(tables.flatMap((table) => table.hosts))
  return [...hosts].filter((host) => !known.some((service) => hostIsWithin(service.host, host))).toSorted(compareText)
}

export function aliasDomains(service: Service, scope: Scope): readonly string[] {
  return service.aliases.filter(({ onlyIn }) => onlyIn === undefined || onlyIn === scope.namespace).map(({ domain }) => domain)
}

/** Of several services with one host, the one beside the proxy, else the first by namespace. */
export function oneByHost(services: readonly Service[], scope: Scope): readonly Service[] {
  const byHost = Map.groupBy(services, (service) => service.host)
  return [...byHost.values()]
    .map((same) => same.find((service) => service.namespace === scope.namespace) ?? same[0])
    .filter((service) => service !== undefined)
    .toSorted((a, b) => compareText(a.host, b.host))
}

export function isHttp(port: Service['ports'][number]): boolean {
  return httpProtocols.includes(port.protocol)
}

function hasHttpPort(service: Service, number: number): boolean {
  return service.ports.some((port) => port.number === number && isHttp(port))
}

function unservedPorts(service: Service): readonly Diagnostic[] {
  const found = { code: 'service/unsupported-protocol', severity: 'info', origin: service.origin } as const
  return service.ports.flatMap(({ number, protocol }): readonly Diagnostic[] => {
    const port = `port ${number} of ${service.host}`
    if (protocol === 'detect') {
      return [{
        ...found,
        message: `${port} does not say its protocol, and detection is not supported yet: sidecars take it for HTTP`,
        hint: 'set its appProtocol, or begin its name with http-, grpc- or tcp-',
      }]
    }
    return httpProtocols.includes(protocol) ? [] : [{ ...found, message: `${port} is ${protocol}, not HTTP: sidecars have no listener for it` }]
  })
}
