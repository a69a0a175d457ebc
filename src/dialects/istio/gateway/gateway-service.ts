import type { FieldPath } from '../../../diagnostics/diagnostic.ts'
import type { GatewayService } from '../../../model/gateway.ts'
import type { Server } from './gateway.ts'
import type { Report } from '../../reading/report.ts'
import { downstreamTls } from './server-tls.ts'
import type { ServerTls } from './server-tls.ts'

/** Protocols of a port of Istio's API that are HTTP. */
export const httpProtocols: readonly string[] = ['HTTP', 'HTTP2', 'GRPC', 'GRPC-WEB']
const known = [...httpProtocols, 'HTTPS', 'TLS', 'TCP', 'MONGO', 'MYSQL', 'REDIS', 'UDP']

/** A server's handling of connections; undefined, with a diagnostic, if it is not supported. */
export function gatewayService(
  { port, tls, hosts }: Server,
  path: FieldPath,
  report: Report,
): GatewayService | undefined {
  const protocol = port.protocol?.toUpperCase() ?? 'HTTP'
  const at = [...path, 'port', 'protocol']
  if (!known.includes(protocol)) {
    report.reject('field/invalid-value', at, {
      message: `protocol is ${port.protocol ?? ''}, must be one of ${known.join(', ')}`,
    })
    return undefined
  }
  if (httpProtocols.includes(protocol))
    return { kind: 'http', redirect: tls?.httpsRedirect === true ? 'to-https' : 'none' }
  if (protocol !== 'HTTPS' && protocol !== 'TLS') {
    report.note('gateway/unsupported-protocol', at, {
      message: `protocol ${protocol} is not supported yet: port ${port.number} is not served`,
    })
    return undefined
  }
  if (tls === undefined) {
    report.reject('field/required', [...path, 'tls'], {
      message: `tls is required: protocol is ${protocol}`,
      hint: 'write tls: {mode: SIMPLE, credentialName: …}, or tls: {mode: PASSTHROUGH}',
    })
    return undefined
  }
  if (!areServerNames(hosts, path, report)) return undefined
  if ((tls.mode ?? 'PASSTHROUGH') === 'PASSTHROUGH') return passthrough(tls, path, report)
  if (tls.mode === 'AUTO_PASSTHROUGH' || tls.mode === 'ISTIO_MUTUAL') {
    noteUnservedMode(tls.mode, { path, report, port: port.number })
    return undefined
  }
  if (protocol === 'TLS') {
    report.note('gateway/unsupported-protocol', at, {
      message:
        `protocol TLS with mode ${tls.mode ?? ''}, and plain TCP behind it, is not supported yet: ` +
        `port ${port.number} is not served`,
      hint: 'write HTTPS for HTTP, or mode: PASSTHROUGH',
    })
    return undefined
  }
  return {
    kind: 'https',
    tls: downstreamTls(tls, { object: report.manifest.id, path: [...path, 'tls'] }, report),
  }
}

function passthrough(tls: ServerTls, path: FieldPath, report: Report): GatewayService {
  const field = (['credentialName', 'serverCertificate'] as const).find((each) => (tls[each] ?? '') !== '')
  if (field !== undefined) {
    report.note('tls/ignored-value', [...path, 'tls', field], {
      message: `${field} has no effect: mode is ${tls.mode ?? 'absent, which means PASSTHROUGH'}`,
      hint: 'to end TLS at the gateway, write mode: SIMPLE',
    })
  }
  return { kind: 'passthrough' }
}

interface UnservedServer {
  readonly path: FieldPath
  readonly report: Report
  readonly port: number
}

function noteUnservedMode(
  mode: 'AUTO_PASSTHROUGH' | 'ISTIO_MUTUAL',
  { path, report, port }: UnservedServer,
): void {
  const at = [...path, 'tls', 'mode']
  if (mode === 'ISTIO_MUTUAL') {
    report.note('tls/istio-mutual', at, {
      message:
        `mode ISTIO_MUTUAL needs the certificates of an Istio CA, and there is none here: port ` +
        `${port} is not served`,
      hint: 'write MUTUAL with a credentialName',
    })
    return
  }
  report.note('gateway/unsupported-protocol', at, {
    message: `mode AUTO_PASSTHROUGH is not supported: port ${port} is not served`,
    hint: 'write PASSTHROUGH, and a VirtualService with tls routes by sniHosts',
  })
}

const serverName = /^(\*|(\*\.)?[^*]+)$/

/**
 * To match TLS connections, Envoy accepts whole names and names after `*.`; it would reject the listener for
 * anything else.
 */
function areServerNames(hosts: readonly string[], path: FieldPath, report: Report): boolean {
  const wrong = hosts.findIndex((host) => !serverName.test(host.slice(host.indexOf('/') + 1)))
  if (wrong >= 0) {
    report.reject('field/invalid-value', [...path, 'hosts', wrong], {
      message:
        `hosts[${wrong}] is ${hosts[wrong] ?? ''}, must be a host name, one that begins with "*.", ` +
        `or "*"`,
    })
  }
  return wrong < 0
}
