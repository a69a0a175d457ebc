import type { Diagnostic, Origin } from '../../diagnostics/diagnostic.ts'
import { finding } from '../../diagnostics/finding.ts'
import type { BackendReference } from '../../model/backend.ts'
import type { GatewayListener } from '../../model/gateway.ts'
import { compareSpecificity, intersectHosts } from '../../model/names.ts'
import type { TlsRoute, TlsRouteTable } from '../../model/tls.ts'
import type { ScopeKey } from '../../xds/scope.ts'
import { resolveBackend } from '../backend.ts'
import type { ResolvedBackend } from '../backend.ts'
import { routeConfigurationOf } from './gateway-plan.ts'
import { hostsFor } from './gateway-servers.ts'
import type { SocketServers } from './gateway-servers.ts'
import { missingFinding } from '../findings/missing.ts'
import { joinNamespaces } from '../findings/namespace-finding.ts'
import type { ClusterUse } from '../resolved.ts'
import { downstreamSecrets, resolveDownstreamTls } from '../secrets/secret-use.ts'
import type { ResolvedDownstreamTls, SecretUse } from '../secrets/secret-use.ts'
import type { VisibleModel } from '../visible-model.ts'
import { tablesInOrder } from './table-order.ts'

/**
 * A gateway's TLS listener for the proxies of one scope: each filter chain matches some server names (SNI).
 */
export interface TlsListener {
  readonly scope: ScopeKey
  readonly name: string
  readonly address: string
  readonly port: number
  readonly chains: readonly TlsChain[]
  readonly uses: readonly ClusterUse[]
  readonly secrets: readonly SecretUse[]
  readonly origins: readonly Origin[]
  readonly diagnostics: readonly Diagnostic[]
}

export interface TlsChain {
  /** Empty: every server name, and connections without one. */
  readonly serverNames: readonly string[]
  readonly target:
    | { readonly kind: 'requests'; readonly tls: ResolvedDownstreamTls; readonly routeConfiguration: string }
    | {
        readonly kind: 'connections'
        readonly clusters: readonly { readonly name: string; readonly weight: number }[]
      }
}

export interface TlsModel {
  readonly visible: VisibleModel
  /** Tables attached to a gateway, `<namespace>/<name>`. */
  readonly tablesOf: (gateway: string) => readonly TlsRouteTable[]
}

/** Resolves the routes of a TLS socket. The listener has no chains if no route has a destination. */
export function resolveTlsListener(socket: SocketServers, model: TlsModel): TlsListener {
  const taken = new Set<string>()
  const parts = socket.servers.flatMap((server) => partsOf(server, model, taken))
  const chains = parts.flatMap((part) => part.chains)
  return {
    scope: model.visible.key,
    name: socket.listener,
    address: socket.address,
    port: socket.port,
    chains,
    uses: parts.flatMap((part) => part.uses),
    secrets: chains.flatMap(({ target }) =>
      target.kind === 'requests' ? downstreamSecrets(target.tls) : [],
    ),
    origins: socket.servers.map((server) => server.origin),
    diagnostics: [...socket.diagnostics, ...parts.flatMap((part) => part.diagnostics)],
  }
}

interface Part {
  readonly chains: readonly TlsChain[]
  readonly uses: readonly ClusterUse[]
  readonly diagnostics: readonly Diagnostic[]
}

function partsOf(server: GatewayListener, model: TlsModel, taken: Set<string>): readonly Part[] {
  switch (server.serves.kind) {
    case 'http':
      return []
    case 'https': {
      const tls = resolveDownstreamTls(server.serves.tls, model.visible.scope)
      const target = { kind: 'requests', tls, routeConfiguration: routeConfigurationOf(server) } as const
      return [
        {
          chains: [{ serverNames: namesOf(server.hosts.map(({ host }) => host)), target }],
          uses: [],
          diagnostics: [],
        },
      ]
    }
    case 'passthrough':
      return tablesInOrder(model.tablesOf(server.gateway), model.visible.scope.namespace).flatMap((table) =>
        table.routes.flatMap((route) => passedThrough(route, { server, table, model, taken })),
      )
  }
}

interface PassedThrough {
  readonly server: GatewayListener
  readonly table: TlsRouteTable
  readonly model: TlsModel
  /**
   * Server names that have a chain. The first of several routes for one name wins, because Envoy rejects two
   * chains with one match.
   */
  readonly taken: Set<string>
}

function passedThrough(
  route: TlsRoute,
  { server, table, model: { visible }, taken }: PassedThrough,
): readonly Part[] {
  if (route.port !== undefined && route.port !== server.port) return []
  if (route.attachedTo !== undefined && !route.attachedTo.includes(server.gateway)) return []
  const hosts = hostsFor(server, table.namespace)
  const common = route.serverNames.flatMap(({ name, origin }) =>
    hosts.flatMap((host) => {
      const both = intersectHosts(name, host)
      return both === undefined ? [] : [{ name: both, origin }]
    }),
  )
  const names = [...new Set(common.map(({ name }) => name))].filter((name) => !taken.has(name))
  const repeated = common
    .filter(({ name }) => taken.has(name))
    .map(({ name, origin }) =>
      finding('virtual-host/duplicate-domain', origin, {
        message:
          `an earlier tls route takes the connections for ${name} on port ${server.port}, so this ` +
          `one has no effect for them`,
        hint: 'remove one of the two',
      }),
    )
  if (names.length === 0) return [{ chains: [], uses: [], diagnostics: repeated }]
  for (const name of names) taken.add(name)
  const backends = route.destinations.map(({ backend, weight }) => ({
    weight,
    found: resolveBackend(backend, { visible, port: server.port }),
    backend,
  }))
  const weighted = backends.filter(({ weight }) => backends.length === 1 || weight > 0)
  return [
    {
      chains: [
        {
          serverNames: namesOf(names),
          target: {
            kind: 'connections',
            clusters: weighted.map(({ found, weight }) => ({ name: found.cluster, weight })),
          },
        },
      ],
      uses: weighted.map(({ found }) => ({ by: 'primary', cluster: found.cluster })),
      diagnostics: [...repeated, ...backends.flatMap((each) => missingDestination(each, visible))],
    },
  ]
}

interface PassedTo {
  readonly found: ResolvedBackend
  readonly backend: BackendReference
}

function missingDestination(
  { found, backend }: PassedTo,
  { scope: { namespace } }: VisibleModel,
): readonly Diagnostic[] {
  if (found.kind === 'found' || found.kind === 'rejected') return []
  return joinNamespaces([
    missingFinding(found, {
      area: 'route',
      reference: backend,
      consequence: 'connections for it are closed',
      namespace,
      primaries: [],
    }),
  ])
}

/** `*` means every name; in Envoy that is a chain without server names. */
function namesOf(hosts: readonly string[]): readonly string[] {
  return hosts.includes('*') ? [] : [...new Set(hosts)].toSorted(compareSpecificity)
}
