import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { Forward, Redirect, Route, RouteTable } from '../model/route.ts'
import { ambiguousPort } from './ambiguous-port.ts'
import { hashOf, resolveBackend } from './backend.ts'
import type { Listening, ResolvedBackend } from './backend.ts'
import { resolveMirrors } from './mirror.ts'
import { missingFinding } from './missing.ts'
import { understoodHeaders } from './older-envoy.ts'
import type { ClusterUse, ResolvedForward, ResolvedRedirect, ResolvedRoute } from './resolved.ts'

export interface RouteResolution {
  readonly resolved: ResolvedRoute
  readonly uses: readonly ClusterUse[]
  readonly diagnostics: readonly Diagnostic[]
}

export interface RouteListening extends Listening {
  readonly scheme: 'http' | 'https'
}

/**
 * One route with its destinations and mirrors found. A destination that does not exist keeps its cluster's name, and one that its dialect
 * rejected has a name that no cluster has: Envoy answers both with 503, or with `missingStatus`.
 */
export function resolveRoute(route: Route, table: RouteTable, listening: RouteListening): RouteResolution {
  const { name, match, statPrefix, metadata, origin, action } = route
  const headers = understoodHeaders(route.headers, listening.sight.scope, origin)
  const common = { name, match, headers: headers.value, statPrefix, metadata, origin, ...faults(route, listening) }
  const ofTable = `${table.name}:${listening.port}${pathPattern(route)}`
  if (action.kind !== 'forward') {
    const answer = action.kind === 'redirect' ? redirect(action, listening) : action
    return { resolved: { ...common, action: answer, operation: ofTable }, uses: [], diagnostics: headers.diagnostics }
  }
  const backends = action.destinations.map((destination) => resolveBackend(destination.backend, listening))
  const [only, ...more] = backends
  const operation = only !== undefined && only.kind !== 'rejected' && more.length === 0 ? `${only.host}:${only.port}${pathPattern(route)}` : ofTable
  const forwarded = forward(action, backends, { ...listening, origin })
  return {
    resolved: { ...common, action: forwarded.action, operation },
    uses: forwarded.uses,
    diagnostics: [...headers.diagnostics, ...backends.flatMap((backend, index) => destinationFindings(backend, action, { ...listening, index })), ...forwarded.diagnostics],
  }
}

/** gRPC clients have no CORS, and refuse a route that has. */
function faults({ fault, cors }: Route, { sight }: Listening): Pick<ResolvedRoute, 'fault' | 'cors'> {
  return sight.scope.role === 'grpc' ? { fault } : { fault, cors }
}

const defaultPorts = { http: 80, https: 443 } as const

/** Without the port that its scheme has anyway. */
function redirect(action: Redirect, { port: listenerPort, scheme }: RouteListening): ResolvedRedirect {
  const port = action.port === 'of the listener' ? listenerPort : action.port
  return { ...action, port: port === defaultPorts[action.scheme ?? scheme] ? undefined : port }
}

interface Forwarded {
  readonly action: ResolvedForward
  readonly uses: readonly ClusterUse[]
  readonly diagnostics: readonly Diagnostic[]
}

function forward(action: Forward, backends: readonly ResolvedBackend[], { origin, ...listening }: Listening & { readonly origin: Route['origin'] }): Forwarded {
  const headers = action.destinations.map((destination) => understoodHeaders(destination.headers, listening.sight.scope, origin))
  const destinations = action.destinations.map((destination, index) => ({
    cluster: backends[index]?.cluster ?? '',
    weight: destination.weight,
    headers: headers[index]?.value ?? destination.headers,
    authority: destination.authority,
  }))
  const noTimeout = action.noTimeout === undefined ? {} : { noTimeout: action.noTimeout }
  const mirrored = resolveMirrors(action.mirrors, destinations, listening)
  return {
    action: {
      kind: 'forward',
      destinations,
      mirrors: mirrored.mirrors,
      timeout: action.timeout,
      retry: action.retry === 'default' ? listening.sight.settings.defaultRetry : action.retry,
      rewrite: action.rewrite,
      ...(action.missingStatus === undefined ? {} : { missingStatus: action.missingStatus }),
      hash: backends.flatMap(hashOf),
    },
    uses: [...destinations.map(({ cluster }) => ({ by: 'primary' as const, cluster })), ...mirrored.uses.map((use) => ({ ...use, ...noTimeout }))],
    diagnostics: [...headers.flatMap(({ diagnostics }) => diagnostics), ...mirrored.diagnostics],
  }
}

function destinationFindings(backend: ResolvedBackend, { destinations, missingStatus }: Forward, { index, ...listening }: Listening & { readonly index: number }): readonly Diagnostic[] {
  const destination = destinations[index]
  if (destination === undefined) return []
  if (backend.kind === 'rejected') return []
  if (backend.kind === 'found') return ambiguousPort('route/ambiguous-port', destination.backend, { ...listening, backend })
  return [missingFinding(backend, { area: 'route', reference: destination.backend, consequence: `requests for it are answered with ${missingStatus ?? 503}` })]
}

function pathPattern({ match }: Route): string {
  return match.path.kind === 'prefix' || match.path.kind === 'segments' ? `${match.path.value}*` : match.path.value
}
