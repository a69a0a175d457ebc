import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import { below, finding, nameOf } from '../../diagnostics/finding.ts'
import type { GatewayListener } from '../../model/gateway.ts'
import { hasLabels } from '../../model/labels.ts'
import { compareText } from '../../model/names.ts'
import { anyAddress } from './intercepted.ts'
import { boundAddress, boundPort } from './plan.ts'
import type { Scope } from '../../xds/scope.ts'

/** The servers that share one socket of a gateway proxy, oldest first. */
export interface SocketServers {
  /** `0.0.0.0_8443`: it does not change with the address and port really bound. */
  readonly listener: string
  /**
   * `8443`, or `8443.10.0.0.1` for servers that name a bind address: the suffix of the route configuration's
   * name.
   */
  readonly binding: string
  readonly address: string
  readonly port: number
  readonly protocol: 'http' | 'tls'
  readonly servers: readonly GatewayListener[]
  readonly diagnostics: readonly Diagnostic[]
}

export interface GatewaySockets {
  readonly listeners: readonly GatewayListener[]
  /** Port of the Pods behind a port of the gateway's own Service, if it has one. */
  readonly targetPort: (port: number) => number
}

/**
 * The sockets of a gateway proxy. A socket is for plain HTTP or for TLS, as its oldest server says; with TLS
 * each host has one server.
 */
export function gatewaySockets(
  scope: Scope,
  { listeners, targetPort }: GatewaySockets,
): readonly SocketServers[] {
  const selected = listeners.filter((listener) => selects(listener, scope)).toSorted(byAge)
  const byBinding = Map.groupBy(
    selected,
    ({ port, bind }) => `${targetPort(port)}${bind === '' ? '' : `.${bind}`}`,
  )
  return [...byBinding].flatMap(([binding, servers]) => {
    const [first] = servers
    if (first === undefined) return []
    const target = targetPort(first.port)
    return [
      {
        listener: `${first.bind === '' ? anyAddress : first.bind}_${target}`,
        binding,
        address: boundAddress(scope, first.bind === '' ? anyAddress : first.bind),
        port: boundPort(scope, target),
        protocol: protocolOf(first),
        ...admitted(servers, first),
      },
    ]
  })
}

function selects({ selector, onlyIn }: GatewayListener, { anyGateway, labels, namespace }: Scope): boolean {
  return anyGateway || (hasLabels(labels, selector) && (onlyIn === undefined || onlyIn === namespace))
}

/** The hosts of a server that route tables of a namespace may use. */
export function hostsFor({ hosts }: GatewayListener, namespace: string): readonly string[] {
  return hosts
    .filter((each) => each.namespace === '*' || each.namespace === namespace)
    .map(({ host }) => host)
}

function admitted(
  servers: readonly GatewayListener[],
  first: GatewayListener,
): Pick<SocketServers, 'servers' | 'diagnostics'> {
  const kept: GatewayListener[] = []
  const diagnostics: Diagnostic[] = []
  for (const server of servers) {
    if (protocolOf(server) !== protocolOf(first)) {
      diagnostics.push(leftOut(server, ['port', 'number'], { taken: `port ${server.port}`, by: first }))
      continue
    }
    const taken = protocolOf(server) === 'http' ? undefined : hostTaken(server, kept)
    if (taken === undefined) kept.push(server)
    else
      diagnostics.push(
        leftOut(server, ['hosts', taken.index], {
          taken: `host ${taken.host} on port ${server.port}`,
          by: taken.by,
        }),
      )
  }
  return { servers: kept, diagnostics }
}

/** TLS connections are distinguished by server name, so two servers cannot have the same host. */
function hostTaken(
  server: GatewayListener,
  kept: readonly GatewayListener[],
): { readonly host: string; readonly index: number; readonly by: GatewayListener } | undefined {
  for (const [index, { host }] of server.hosts.entries()) {
    const by = kept.find((each) => each.hosts.some((other) => other.host === host))
    if (by !== undefined) return { host, index, by }
  }
  return undefined
}

function leftOut(
  server: GatewayListener,
  path: readonly (string | number)[],
  { taken, by }: { readonly taken: string; readonly by: GatewayListener },
): Diagnostic {
  return finding('gateway/server-left-out', below(server.origin, ...path), {
    message: `${taken} is taken by servers[${by.index}] of ${nameOf(by.origin)}: this server is not served`,
    hint: 'give it another port, or other hosts',
  })
}

function protocolOf({ serves }: GatewayListener): SocketServers['protocol'] {
  return serves.kind === 'http' ? 'http' : 'tls'
}

function byAge(a: GatewayListener, b: GatewayListener): number {
  return compareText(a.created, b.created) || compareText(a.gateway, b.gateway) || a.index - b.index
}
