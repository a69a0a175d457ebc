import type { ObjectId } from '../../diagnostics/diagnostic.ts'
import { translated } from '../dialect.ts'
import type { ObjectLookup, Translated } from '../dialect.ts'
import { attachmentTo, defaultProxy, proxyLabel, sslKey, takes } from './gateway-spec.ts'
import type { GatewaySpec } from './gateway-spec.ts'
import { plainServer, readGateway, secureServers } from './gateway.ts'
import { indexKey, objectId } from './kinds.ts'
import { referredTo } from './reference.ts'
import { routesContext } from './route-table.ts'
import { routesOf } from './routes.ts'
import { downstreamTls } from './upstream/ssl-config.ts'
import { readVirtualHostOption } from './option/virtual-host-option.ts'
import { readVirtualHostOptions } from './option/virtual-host-options.ts'
import { readVirtualService } from './virtual-service-spec.ts'
import type { VirtualServiceSpec } from './virtual-service-spec.ts'
import { reportOn } from '../reading/report.ts'
import type { Report } from '../reading/report.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import type { GatewayListener } from '../../model/gateway.ts'
import { joinedHeaders, withSettings } from '../../model/route-settings.ts'
import type { RouteSettings } from '../../model/route-settings.ts'
import type { Route, RouteTable } from '../../model/route.ts'

/**
 * A gateway.solo.io VirtualService, for the Gateways that take it; if there is no Gateway at all, for an
 * assumed one.
 */
export function translateVirtualService(manifest: Manifest, lookup: ObjectLookup): Translated {
  const { value, diagnostics, rejected } = readVirtualService(manifest)
  if (value === undefined) return translated({ diagnostics, rejected })
  const report = reportOn(manifest)
  if (value.sslConfig !== undefined)
    downstreamTls(value.sslConfig, { report, lookup, path: ['spec', 'sslConfig'] })
  const context = routesContext(report, lookup, ['spec', 'virtualHost', 'routes'])
  const {
    routes,
    diagnostics: found,
    delegates,
  } = routesOf(value.virtualHost.routes ?? [], { ...context, parent: undefined })
  const shared = virtualHostSettings(value, report, lookup)
  const { listeners, attachedTo } = placement(report, lookup)
  const { id, created } = manifest
  const table: RouteTable = {
    namespace: id.namespace,
    name: id.name,
    hosts: hostsOf(value.virtualHost.domains, report),
    attachedTo,
    visibility: 'everywhere',
    order: [created, id.name, id.namespace].join('\u0000'),
    routes: routes.map((each) => finished(each, shared.settings)),
    origin: { object: id, path: ['spec'] },
  }
  return translated({
    routeTables: [table],
    listeners,
    delegates: [...delegates, ...shared.delegates],
    diagnostics: [...diagnostics, ...report.diagnostics, ...found],
    rejected: rejected || report.rejected,
  })
}

interface SharedSettings {
  readonly settings: readonly RouteSettings[]
  readonly delegates: readonly ObjectId[]
}

/** The settings of all routes: the virtual host's own options, then the VirtualHostOptions that it names. */
function virtualHostSettings(
  { virtualHost: { options, optionsConfigRefs } }: VirtualServiceSpec,
  report: Report,
  lookup: ObjectLookup,
): SharedSettings {
  const own = readVirtualHostOptions(options ?? {}, {
    report,
    lookup,
    path: ['spec', 'virtualHost', 'options'],
  })
  const delegates = (optionsConfigRefs?.delegateOptions ?? []).map((each) =>
    objectId('VirtualHostOption', referredTo(each, { report })),
  )
  const named = delegates.flatMap((id, index) => {
    const found = lookup.manifest(id)
    if (found !== undefined) return [readVirtualHostOption(found, lookup)]
    report.note('delegate/unknown', ['spec', 'virtualHost', 'optionsConfigRefs', 'delegateOptions', index], {
      message: `there is no VirtualHostOption ${id.namespace}/${id.name}: the routes do not get it`,
    })
    return []
  })
  return { settings: [own, ...named], delegates }
}

/** Without settings Gloo leaves Envoy's own defaults: requests end after 15 seconds, without retries. */
const defaults: RouteSettings = { timeout: 15_000, retry: 'never' }

/** In Envoy, header changes of the virtual host follow those of the route, so they win. */
function finished(route: Route, shared: readonly RouteSettings[]): Route {
  const withShared = shared.reduce((sum, { headers, ...others }) => {
    const settled = withSettings(sum, others)
    return headers === undefined ? settled : { ...settled, headers: joinedHeaders(headers, settled.headers) }
  }, route)
  return withSettings(withShared, defaults)
}

interface Placement {
  readonly listeners: readonly GatewayListener[]
  readonly attachedTo: readonly string[]
}

function placement(report: Report, lookup: ObjectLookup): Placement {
  const { manifest } = report
  const gateways = lookup.indexed(indexKey('Gateway'))
  if (gateways.length === 0) return assumed(report, lookup)
  const read = gateways.flatMap((gateway) => {
    const spec = readGateway(gateway).value
    return spec === undefined ? [] : [{ gateway, spec }]
  })
  const taking = read.filter(({ gateway, spec }) => takes(spec, gateway, manifest))
  if (taking.length === 0) noteUntaken(report, read)
  return {
    listeners: [],
    attachedTo: taking.map(({ gateway: { id } }) => attachmentTo(id, sslKey(manifest))),
  }
}

function noteUntaken(
  report: Report,
  gateways: readonly { readonly gateway: Manifest; readonly spec: GatewaySpec }[],
): void {
  const isSecure = sslKey(report.manifest) !== undefined
  const isAlike = gateways.some(({ spec: { ssl } }) => (ssl === true) === isSecure)
  report.note('virtual-host/no-gateway', ['metadata', 'name'], {
    message:
      `no Gateway takes it (there ${gateways.length === 1 ? 'is' : 'are'} ` +
      `${gateways.map(({ gateway: { id } }) => `${id.namespace}/${id.name}`).join(', ')}), so its ` +
      `routes ` +
      `apply nowhere`,
    hint: isAlike
      ? 'look at what the httpGateway selects: names, labels, namespaces'
      : isSecure
        ? 'it has an sslConfig, so that only Gateways with ssl: true take it'
        : 'it has no sslConfig, so that Gateways with ssl: true do not take it',
  })
}

const assumedPorts = { plain: 8080, secure: 8443 } as const

/** The Gateways that Gloo installs, for this VirtualService. */
function assumed(report: Report, lookup: ObjectLookup): Placement {
  const { manifest } = report
  const ssl = sslKey(manifest)
  const port = ssl === undefined ? assumedPorts.plain : assumedPorts.secure
  const servers = ssl === undefined ? [plainServer(manifest)] : secureServers(manifest, [manifest], lookup)
  report.note('gateway/assumed', ['metadata', 'name'], {
    message:
      `there is no Gateway: it is served on port ${port} of proxies with the label ${proxyLabel}: ` +
      `${defaultProxy}, as if Gloo's own default were there`,
    hint: 'add the Gateway that you have',
  })
  return {
    listeners: servers.map((server) => ({
      ...server,
      selector: { [proxyLabel]: defaultProxy },
      port,
      bind: '',
    })),
    attachedTo: servers.map(({ gateway }) => gateway),
  }
}

/**
 * The hosts of a virtual host; none means every host. A port is left out, because ports are not distinguished
 * here.
 */
function hostsOf(domains: readonly string[] = [], report: Report): RouteTable['hosts'] {
  const object = report.manifest.id
  if (domains.length === 0) return [{ host: '*', origin: { object, path: ['spec', 'virtualHost'] } }]
  const hosts = domains.flatMap((domain, index) => {
    const path = ['spec', 'virtualHost', 'domains', index]
    const host = domain.toLowerCase().replace(/:\d+$/, '')
    if (!host.slice(1).includes('*')) return [{ host, origin: { object, path } }]
    report.note('field/unsupported', path, {
      message:
        `domain ${domain} has a * that is not at its beginning, which is not supported yet: it is ` +
        `left out`,
    })
    return []
  })
  return hosts.filter(
    ({ host }, index) =>
      domains[index]?.includes(':') !== true || hosts.findIndex((each) => each.host === host) === index,
  )
}
