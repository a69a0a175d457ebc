import { codes } from '../diagnostics/codes.ts'
import type { Code } from '../diagnostics/codes.ts'
import type { Diagnostic, Origin } from '../diagnostics/diagnostic.ts'
import { mirrorClusterName } from '../model/names.ts'
import type { Mirror } from '../model/mirror.ts'
import { resolveBackend } from './backend.ts'
import type { Listening, MissingBackend } from './backend.ts'
import { missingHint, missingPath } from './missing.ts'
import type { ClusterUse, ResolvedDestination, ResolvedMirror } from './resolved.ts'

export interface ResolvedMirrors {
  readonly mirrors: readonly ResolvedMirror[]
  readonly uses: readonly ClusterUse[]
  readonly diagnostics: readonly Diagnostic[]
}

/** The mirrors of a route that lead somewhere. The others are dropped with an error each: no policy ever names a cluster that is not there. */
export function resolveMirrors(mirrors: readonly Mirror[], destinations: readonly ResolvedDestination[], listening: Listening): ResolvedMirrors {
  if (listening.sight.scope.role === 'grpc') return { mirrors: [], uses: [], diagnostics: mirrors.map(leftOut) }
  const primaries = new Set(destinations.map((destination) => destination.cluster))
  const kept: ResolvedMirror[] = []
  const uses: ClusterUse[] = []
  const diagnostics: Diagnostic[] = []
  const seen = new Set<string>()
  for (const mirror of mirrors) {
    const backend = resolveBackend(mirror.backend, listening)
    if (backend.kind === 'missing') {
      diagnostics.push(unresolved(mirror, backend))
      continue
    }
    if (primaries.has(backend.cluster)) {
      diagnostics.push(found('mirror/to-itself', mirror.origin, `the mirror sends its copies to ${backend.cluster}, a destination of the route itself`))
    }
    if (seen.has(backend.cluster)) {
      diagnostics.push(found('mirror/duplicate', mirror.origin, `${backend.cluster} is mirrored to twice: a request can be copied there twice`))
    }
    seen.add(backend.cluster)
    const cluster = mirror.cluster === 'dedicated' ? mirrorClusterName(backend.port, backend.subset, backend.host) : backend.cluster
    kept.push({ cluster, fraction: mirror.fraction, runtimeKey: mirror.runtimeKey, host: mirror.host, origin: mirror.origin })
    uses.push({ by: 'mirror', cluster, limits: mirror.limits, origin: mirror.origin })
  }
  return { mirrors: kept, uses, diagnostics }
}

function leftOut({ origin }: Mirror): Diagnostic {
  return found('mirror/proxyless-grpc', origin, 'gRPC clients without a proxy cannot mirror: their requests are not copied')
}

const unresolvedCodes = { host: 'mirror/unknown-host', port: 'mirror/unknown-port', subset: 'mirror/unknown-subset' } as const

function unresolved(mirror: Mirror, missing: MissingBackend): Diagnostic {
  const { subset } = mirror.backend
  const what = { host: `host ${missing.host} is not defined`, port: `${missing.host} has no port ${missing.port}`, subset: `${missing.host} has no subset ${subset ?? ''}` }
  const origin = { object: mirror.origin.object, path: missingPath(mirror.backend, missing) }
  return { ...found(unresolvedCodes[missing.what], origin, `${what[missing.what]}: nothing is mirrored there, the route is served without it`), ...missingHint(missing) }
}

function found(code: Code, origin: Origin, text: string): Diagnostic {
  const { kind, namespace, name } = origin.object
  return { code, severity: codes[code].severity, message: `${kind} ${namespace}/${name}: ${text}`, origin }
}
