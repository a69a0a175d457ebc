import { codes } from '../diagnostics/codes.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { Destination, Forward, Route, RouteTable } from '../model/route.ts'
import { hashOf, resolveBackend } from './backend.ts'
import type { Listening, MissingBackend, ResolvedBackend } from './backend.ts'
import { resolveMirrors } from './mirror.ts'
import { missingHint, missingPath } from './missing.ts'
import type { ClusterUse, ResolvedForward, ResolvedRoute } from './resolved.ts'

export interface RouteResolution {
  readonly resolved: ResolvedRoute
  readonly uses: readonly ClusterUse[]
  readonly diagnostics: readonly Diagnostic[]
}

/** One route with its destinations and mirrors found. A destination that is not there keeps its cluster's name: Envoy answers 503. */
export function resolveRoute(route: Route, table: RouteTable, listening: Listening): RouteResolution {
  const { name, match, headers, statPrefix, metadata, action } = route
  const common = { name, match, headers, statPrefix, metadata }
  const ofTable = `${table.name}:${listening.port}${pathPattern(route)}`
  if (action.kind !== 'forward') return { resolved: { ...common, action, operation: ofTable }, uses: [], diagnostics: [] }
  const backends = action.destinations.map((destination) => resolveBackend(destination.backend, listening))
  const [only, ...more] = backends
  const operation = only !== undefined && more.length === 0 ? `${only.host}:${only.port}${pathPattern(route)}` : ofTable
  const forwarded = forward(action, backends, listening)
  return {
    resolved: { ...common, action: forwarded.action, operation },
    uses: forwarded.uses,
    diagnostics: [...backends.flatMap((backend, index) => missingDestination(backend, action.destinations[index])), ...forwarded.diagnostics],
  }
}

interface Forwarded {
  readonly action: ResolvedForward
  readonly uses: readonly ClusterUse[]
  readonly diagnostics: readonly Diagnostic[]
}

function forward(action: Forward, backends: readonly ResolvedBackend[], listening: Listening): Forwarded {
  const destinations = action.destinations.map((destination, index) => ({
    cluster: backends[index]?.cluster ?? '',
    weight: destination.weight,
    headers: destination.headers,
    authority: destination.authority,
  }))
  const mirrored = resolveMirrors(action.mirrors, destinations, listening)
  return {
    action: {
      kind: 'forward',
      destinations,
      mirrors: mirrored.mirrors,
      timeout: action.timeout,
      retry: action.retry === 'default' ? listening.sight.settings.defaultRetry : action.retry,
      rewrite: action.rewrite,
      hash: backends.flatMap(hashOf),
    },
    uses: [...destinations.map(({ cluster }) => ({ by: 'primary' as const, cluster })), ...mirrored.uses],
    diagnostics: mirrored.diagnostics,
  }
}

const missingCodes = { host: 'route/unknown-host', port: 'route/unknown-port', subset: 'route/unknown-subset' } as const

function missingDestination(backend: ResolvedBackend, destination: Destination | undefined): readonly Diagnostic[] {
  if (backend.kind === 'found' || destination === undefined) return []
  const { object } = destination.backend.origin
  const code = missingCodes[backend.what]
  return [{
    code,
    severity: codes[code].severity,
    message: `${object.kind} ${object.namespace}/${object.name}: ${describe(backend, destination)}: requests for it are answered with 503`,
    ...missingHint(backend),
    origin: { object, path: missingPath(destination.backend, backend) },
  }]
}

function describe({ what, host, port }: MissingBackend, destination: Destination): string {
  switch (what) {
    case 'host': return `host ${host} is not defined`
    case 'port': return `${host} has no port ${port}`
    case 'subset': return `${host} has no subset ${destination.backend.subset ?? ''}`
  }
}

function pathPattern({ match }: Route): string {
  return match.path.kind === 'prefix' ? `${match.path.value}*` : match.path.value
}
