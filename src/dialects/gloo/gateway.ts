import { decode } from '../../manifest/decode.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import type { GatewayListener } from '../../model/gateway.ts'
import { translated } from '../dialect.ts'
import type { ObjectLookup, Translated } from '../dialect.ts'
import { noteUnsupported, reportOn } from '../reading/report.ts'
import type { Report } from '../reading/report.ts'
import { attachmentTo, defaultProxy, gatewaySpec, proxyLabel, sslKey, takes } from './gateway-spec.ts'
import type { GatewaySpec } from './gateway-spec.ts'
import { indexKey } from './kinds.ts'
import { downstreamTls } from './upstream/ssl-config.ts'
import { readSsl } from './virtual-service-spec.ts'

/**
 * A gateway.solo.io Gateway for HTTP: a listener for plain requests, or one for each way in which its
 * VirtualServices end TLS.
 */
export function translateGateway(manifest: Manifest, lookup: ObjectLookup): Translated {
  const { value, diagnostics, rejected } = readGateway(manifest)
  if (value === undefined) return translated({ diagnostics, rejected })
  const report = reportOn(manifest)
  noteFields(value, report)
  const services = lookup.indexed(indexKey('VirtualService')).filter((each) => takes(value, manifest, each))
  const open =
    value.httpGateway === undefined
      ? []
      : value.ssl === true
        ? secureServers(manifest, services, lookup)
        : [plainServer(manifest)]
  const listeners = (value.proxyNames ?? [defaultProxy]).flatMap((proxy) =>
    open.map((server): GatewayListener => ({
      ...server,
      selector: { [proxyLabel]: proxy },
      port: value.bindPort,
      bind: isAnyAddress(value.bindAddress) ? '' : (value.bindAddress ?? ''),
    })),
  )
  return translated({
    listeners: listeners.map((each, index) => ({ ...each, index })),
    diagnostics: [...diagnostics, ...report.diagnostics],
    rejected: rejected || report.rejected,
  })
}

/** The Gateway as far as it can be read. */
export function readGateway(manifest: Manifest) {
  return decode({ manifest, path: ['spec'], schema: gatewaySpec, parts: [] })
}

function isAnyAddress(address = ''): boolean {
  return ['', '::', '0.0.0.0'].includes(address)
}

function noteFields(value: GatewaySpec, report: Report): void {
  noteUnsupported(report, { path: ['spec'], value }, ['options', 'routeOptions'])
  if (value.useProxyProto === true) noteUnsupported(report, { path: ['spec'], value }, ['useProxyProto'])
  noteUnsupported(report, { path: ['spec', 'httpGateway'], value: value.httpGateway }, ['options'])
  for (const field of ['tcpGateway', 'hybridGateway'] as const) {
    if (value[field] !== undefined)
      report.note('gateway/unsupported-protocol', ['spec', field], {
        message: `${field} is not supported yet: port ${value.bindPort} is not served by it`,
        hint: 'write httpGateway',
      })
  }
  if (
    value.httpGateway === undefined &&
    value.tcpGateway === undefined &&
    value.hybridGateway === undefined
  ) {
    report.reject('field/required', ['spec'], {
      message: 'it has no httpGateway, so that it serves nothing',
      hint: 'write httpGateway: {} for all VirtualServices',
    })
  }
}

/** A server without its address. */
export type Server = Omit<GatewayListener, 'selector' | 'port' | 'bind'>

/** The server for plain requests to any host. */
export function plainServer({ id, created }: Manifest): Server {
  return {
    gateway: attachmentTo(id, undefined),
    namespace: id.namespace,
    portName: 'http',
    serves: { kind: 'http', redirect: 'none' },
    hosts: [{ namespace: '*', host: '*' }],
    index: 0,
    created,
    origin: { object: id, path: ['spec'] },
  }
}

/** One for each `sslConfig` among the VirtualServices: for its `sniDomains`, otherwise for every name. */
export function secureServers(
  owner: Manifest,
  services: readonly Manifest[],
  lookup: ObjectLookup,
): readonly Server[] {
  const byConfig = Map.groupBy(services, (each) => sslKey(each) ?? '')
  return [...byConfig].flatMap(([key, [service]]): readonly Server[] => {
    const ssl = service === undefined ? undefined : readSsl(service)
    if (service === undefined || ssl === undefined) return []
    // Unsupported fields are reported when the VirtualService is translated.
    const tls = downstreamTls(ssl, { report: reportOn(service), lookup, path: ['spec', 'sslConfig'] })
    const names = ssl.sniDomains ?? []
    return [
      {
        ...plainServer(owner),
        gateway: attachmentTo(owner.id, key),
        portName: `https-${key}`,
        serves: { kind: 'https', tls },
        hosts: (names.length === 0 ? ['*'] : names).map((host) => ({
          namespace: '*',
          host: host.toLowerCase(),
        })),
      },
    ]
  })
}
