import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { Destination, Forward, Redirect, Route, RouteTable } from '../model/route.ts'
import { hashOf, resolveBackend } from './backend.ts'
import type { Listening, ResolvedBackend } from './backend.ts'
import { discoveryFor, endpointTarget } from './cluster.ts'
import { ambiguousPort, missingFinding } from './findings/missing.ts'
import type { NamespaceFinding } from './findings/namespace-finding.ts'
import { understoodHeaders } from './findings/older-envoy.ts'
import { resolveMirrors } from './mirror.ts'
import type { ClusterUse, PrimaryUse, ResolvedForward, ResolvedRedirect, ResolvedRoute } from './resolved.ts'

export interface RouteResolution {
  readonly resolved: ResolvedRoute
  readonly uses: readonly ClusterUse[]
  readonly diagnostics: readonly Diagnostic[]
  readonly missing: readonly NamespaceFinding[]
}

export interface RouteListening extends Listening {
  readonly scheme: 'http' | 'https'
}

/**
 * Resolves the destinations and mirrors of a route. A missing destination keeps the name of its cluster; a
 * rejected one gets a name that no cluster has. Envoy answers both with 503, or with `missingStatus`.
 */
export function resolveRoute(route: Route, table: RouteTable, listening: RouteListening): RouteResolution {
  const { name, match, statPrefix, metadata, origin, action } = route
  const headers = understoodHeaders(route.headers, listening.visible.scope, origin)
  const common = {
    name,
    match,
    headers: headers.value,
    statPrefix,
    metadata,
    origin,
    ...faults(route, listening),
  }
  const ofTable = `${table.name}:${listening.port}${pathPattern(route)}`
  if (action.kind !== 'forward') {
    const answer = action.kind === 'redirect' ? redirect(action, listening) : action
    return {
      resolved: { ...common, action: answer, operation: ofTable },
      uses: [],
      diagnostics: headers.diagnostics,
      missing: [],
    }
  }
  const backends = action.destinations.map((destination) => resolveBackend(destination.backend, listening))
  const [only, ...more] = backends
  const operation =
    only !== undefined && only.kind !== 'rejected' && more.length === 0
      ? `${only.host}:${only.port}${pathPattern(route)}`
      : ofTable
  const forwarded = forward(action, backends, { ...listening, origin })
  return {
    resolved: { ...common, action: forwarded.action, operation },
    uses: forwarded.uses,
    diagnostics: [
      ...headers.diagnostics,
      ...action.destinations.flatMap((destination, index) =>
        ambiguousDestination(destination, backends[index], listening),
      ),
      ...forwarded.diagnostics,
    ],
    missing: [
      ...action.destinations.flatMap((destination, index) =>
        missingDestination(destination, backends[index], { action, listening }),
      ),
      ...forwarded.missing,
    ],
  }
}

/** gRPC clients have no CORS, and refuse a route that has. */
function faults({ fault, cors }: Route, { visible }: Listening): Pick<ResolvedRoute, 'fault' | 'cors'> {
  return visible.scope.role === 'grpc' ? { fault } : { fault, cors }
}

const defaultPorts = { http: 80, https: 443 } as const

/** Omits the default port of the scheme. */
function redirect(action: Redirect, { port: listenerPort, scheme }: RouteListening): ResolvedRedirect {
  const port = action.port === 'of the listener' ? listenerPort : action.port
  return { ...action, port: port === defaultPorts[action.scheme ?? scheme] ? undefined : port }
}

interface Forwarded {
  readonly action: ResolvedForward
  readonly uses: readonly ClusterUse[]
  readonly diagnostics: readonly Diagnostic[]
  readonly missing: readonly NamespaceFinding[]
}

function forward(
  action: Forward,
  backends: readonly ResolvedBackend[],
  { origin, ...listening }: Listening & { readonly origin: Route['origin'] },
): Forwarded {
  const headers = action.destinations.map((destination) =>
    understoodHeaders(destination.headers, listening.visible.scope, origin),
  )
  const destinations = action.destinations.map((destination, index) => ({
    cluster: backends[index]?.cluster ?? '',
    weight: destination.weight,
    headers: headers[index]?.value ?? destination.headers,
    authority: destination.authority,
  }))
  const noTimeout = action.noTimeout === undefined ? {} : { noTimeout: action.noTimeout }
  const mirrored = resolveMirrors(action.mirrors, backends, listening)
  return {
    action: {
      kind: 'forward',
      destinations,
      mirrors: mirrored.mirrors,
      timeout: action.timeout,
      retry: action.retry === 'default' ? listening.visible.settings.defaultRetry : action.retry,
      rewrite: action.rewrite,
      ...(action.missingStatus === undefined ? {} : { missingStatus: action.missingStatus }),
      hash: backends.flatMap(hashOf),
    },
    uses: [
      ...action.destinations.map((destination, index) =>
        primaryUse(destination, backends[index], { action, listening }),
      ),
      ...mirrored.uses.map((use) => ({ ...use, ...noTimeout })),
    ],
    diagnostics: [...headers.flatMap(({ diagnostics }) => diagnostics), ...mirrored.diagnostics],
    missing: mirrored.missing,
  }
}

function primaryUse(
  { backend: { origin }, weight }: Destination,
  backend: ResolvedBackend | undefined,
  { action, listening: { visible } }: ForwardTo,
): PrimaryUse {
  const cluster = backend?.cluster ?? ''
  const getsNothing = weight === 0 && action.destinations.length > 1
  const target =
    backend?.kind !== 'found' || getsNothing
      ? undefined
      : endpointTarget(backend, discoveryFor(backend.service, visible))
  return { by: 'primary', cluster, ...(target === undefined ? {} : { destination: { origin, target } }) }
}

function ambiguousDestination(
  { backend: reference }: Destination,
  backend: ResolvedBackend | undefined,
  listening: Listening,
): readonly Diagnostic[] {
  return backend?.kind === 'found'
    ? ambiguousPort('route/ambiguous-port', reference, { ...listening, backend })
    : []
}

interface ForwardTo {
  readonly action: Forward
  readonly listening: Listening
}

function missingDestination(
  { backend: reference }: Destination,
  backend: ResolvedBackend | undefined,
  { action, listening }: ForwardTo,
): readonly NamespaceFinding[] {
  if (backend === undefined || backend.kind === 'found' || backend.kind === 'rejected') return []
  const consequence = `requests for it are answered with ${action.missingStatus ?? 503}`
  return [
    missingFinding(backend, {
      area: 'route',
      reference,
      consequence,
      namespace: listening.visible.scope.namespace,
      primaries: [],
    }),
  ]
}

function pathPattern({ match }: Route): string {
  return match.path.kind === 'prefix' || match.path.kind === 'segments'
    ? `${match.path.value}*`
    : match.path.value
}
