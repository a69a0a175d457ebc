import type { Origin } from '../../diagnostics/diagnostic.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import type { GatewayListener, GatewayService } from '../../model/gateway.ts'
import { translated } from '../dialect.ts'
import type { ObjectLookup, Translated } from '../dialect.ts'
import { noteUnsupported, rawValue, reportOn } from '../reading/report.ts'
import type { Report } from '../reading/report.ts'
import { idsOf, proxyLabels } from './ambassador-id.ts'
import type { Host } from './host.ts'
import { hostsIn } from './host.ts'
import { indexKey } from './index-key.ts'
import { binds, listenerOf, readListener } from './listener.ts'
import type { Listener } from './listener.ts'

/**
 * The key that the routes for a Host attach to on a Listener. It is not the name of another dialect's
 * gateway.
 */
export function gatewayOf(listener: Listener, host: Host, id: string): string {
  return (
    `${listener.namespace}/${listener.name}.${id}.listener.getambassador.io/${host.namespace}/` + host.name
  )
}

/** A getambassador.io Listener: a server on its port for each Host that it binds. */
export function translateListener(manifest: Manifest, lookup: ObjectLookup): Translated {
  const { value, diagnostics, rejected } = readListener(manifest)
  if (value === undefined) return translated({ diagnostics, rejected })
  const report = reportOn(manifest)
  noteUnsupported(
    report,
    { path: ['spec'], value },
    ['l7Depth', 'http2MaxConcurrentStreams'].filter(
      (field) => field !== 'l7Depth' || (value.l7Depth ?? 0) > 0,
    ),
  )
  noteUnsupported(report, { path: ['spec', 'hostBinding', 'selector'], value: value.hostBinding.selector }, [
    'matchExpressions',
  ])
  if (value.hostBinding.namespace?.from === 'SELECTOR') {
    report.note('field/unsupported', ['spec', 'hostBinding', 'namespace', 'from'], {
      message:
        'hostBinding.namespace.from SELECTOR is not supported yet, as in Emissary: its own namespace is used',
    })
  }
  const listener = listenerOf(manifest, value)
  const listeners = idsOf(value.ambassador_id).flatMap((id) => {
    const hosts = hostsIn(lookup.indexed(indexKey.hosts(id))).filter((host) => binds(listener, host))
    const transport = transportOf(listener, hosts, report)
    return transport === undefined
      ? []
      : serversOf({ listener, hosts, id, transport, created: manifest.created })
  })
  return translated({ listeners, diagnostics: [...diagnostics, ...report.diagnostics], rejected })
}

type Transport = 'plain' | 'tls'

/**
 * A port is either plain or for TLS; Emissary can do both on one. Undefined, with a diagnostic, if it is not
 * supported.
 */
function transportOf(
  { layers, port, security }: Listener,
  hosts: readonly Host[],
  report: Report,
): Transport | undefined {
  const at = [
    'spec',
    rawValue(report.manifest, ['spec', 'protocolStack']) === undefined ? 'protocol' : 'protocolStack',
  ]
  const unserved =
    layers.find((layer) => layer === 'UDP' || layer === 'PROXY') ??
    (layers.includes('HTTP') ? undefined : 'TCP')
  if (unserved !== undefined) {
    const what = unserved === 'PROXY' ? 'the PROXY protocol' : unserved === 'UDP' ? 'UDP' : 'TCP without HTTP'
    report.note('gateway/unsupported-protocol', at, {
      message: `${what} is not supported yet: port ${port} is not served`,
      hint: 'write protocol: HTTP or HTTPS',
    })
    return undefined
  }
  const withTls = hosts.filter(({ certificate }) => certificate !== undefined)
  if (!layers.includes('TLS') || security === 'INSECURE' || withTls.length === 0) return 'plain'
  if (security === 'SECURE') return 'tls'
  const transport = plainPorts.includes(port) ? 'plain' : 'tls'
  const wantsPlain = hosts.some(({ insecure }) => insecure !== 'Reject')
  if (transport === 'plain' || wantsPlain) {
    report.note('gateway/one-transport', at, {
      message:
        `Emissary takes TLS and plain text on port ${port}, here it is ` +
        (transport === 'plain' ? 'plain text only' : 'TLS only'),
      hint:
        transport === 'plain'
          ? 'write protocol: HTTP here, and protocol: HTTPS for another port'
          : 'write securityModel: SECURE here, and protocol: HTTP for another port',
    })
  }
  return transport
}

const plainPorts: readonly number[] = [80, 8080]

export interface ServersOf {
  readonly listener: Listener
  readonly hosts: readonly Host[]
  readonly id: string
  readonly transport: Transport
  readonly created: string
  /** Absent if neither Listener nor Host is written. */
  readonly origin?: Origin
}

/** The servers of a Listener for an installation. */
export function serversOf({
  listener,
  hosts,
  id,
  transport,
  created,
  origin: otherwise,
}: ServersOf): readonly GatewayListener[] {
  return hosts.flatMap((host, index): readonly GatewayListener[] => {
    const serves = serviceOf(host, listener, transport)
    const origin =
      (transport === 'tls' ? host.origin : undefined) ?? listener.origin ?? host.origin ?? otherwise
    if (serves === undefined || origin === undefined) return []
    return [
      {
        gateway: gatewayOf(listener, host, id),
        namespace: listener.namespace,
        selector: proxyLabels(id),
        port: listener.port,
        portName: `${host.namespace}.${host.name}`,
        bind: '',
        serves,
        hosts: [{ namespace: '*', host: host.hostname }],
        index,
        created,
        origin,
      },
    ]
  })
}

function serviceOf(
  { certificate, insecure }: Host,
  { security }: Listener,
  transport: Transport,
): GatewayService | undefined {
  if (transport === 'tls') {
    return certificate === undefined
      ? undefined
      : {
          kind: 'https',
          tls: {
            certificates: [{ kind: 'secret', secret: certificate }],
            clients: undefined,
            minimumVersion: undefined,
            maximumVersion: undefined,
            cipherSuites: [],
            curves: [],
          },
        }
  }
  if (security === 'SECURE') return { kind: 'http', redirect: 'none' }
  return insecure === 'Reject'
    ? undefined
    : { kind: 'http', redirect: insecure === 'Redirect' ? 'to-https' : 'none' }
}
