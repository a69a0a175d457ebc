import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { finding } from '../diagnostics/finding.ts'
import type { Mirror } from '../model/mirror.ts'
import { mirrorClusterName } from '../model/names.ts'
import { resolveBackend } from './backend.ts'
import type { FoundBackend, Listening, ResolvedBackend } from './backend.ts'
import { discoveryFor, endpointTarget, mirrorDiscoveryFor } from './cluster.ts'
import { ambiguousPort, missingFinding } from './findings/missing.ts'
import type { NamespaceFinding } from './findings/namespace-finding.ts'
import type { ClusterUse, MirrorUse, ResolvedMirror } from './resolved.ts'
import type { VisibleModel } from './visible-model.ts'

export interface ResolvedMirrors {
  readonly mirrors: readonly ResolvedMirror[]
  readonly uses: readonly ClusterUse[]
  readonly diagnostics: readonly Diagnostic[]
  readonly missing: readonly NamespaceFinding[]
}

/**
 * The mirrors of a route that lead somewhere. The others are dropped with an error each: no policy ever names
 * a cluster that does not exist.
 */
export function resolveMirrors(
  mirrors: readonly Mirror[],
  primaryBackends: readonly ResolvedBackend[],
  listening: Listening,
): ResolvedMirrors {
  if (listening.visible.scope.role === 'grpc')
    return { mirrors: [], uses: [], diagnostics: mirrors.map(leftOut), missing: [] }
  const primaries = new Set(primaryBackends.map(({ cluster }) => cluster))
  const kept: ResolvedMirror[] = []
  const uses: ClusterUse[] = []
  const diagnostics: Diagnostic[] = []
  const missing: NamespaceFinding[] = []
  const { namespace } = listening.visible.scope
  const seen = new Set<string>()
  for (const mirror of mirrors) {
    const backend = resolveBackend(mirror.backend, listening)
    if (backend.kind === 'rejected') continue
    if (backend.kind !== 'found') {
      const consequence = 'nothing is mirrored there, the route is served without it'
      missing.push(
        missingFinding(backend, {
          area: 'mirror',
          reference: mirror.backend,
          consequence,
          namespace,
          primaries: primaryBackends,
        }),
      )
      continue
    }
    if (primaries.has(backend.cluster)) {
      diagnostics.push(
        finding('mirror/to-itself', mirror.origin, {
          message: `the mirror sends its copies to ${backend.cluster}, a destination of the route itself`,
        }),
      )
    }
    if (seen.has(backend.cluster)) {
      diagnostics.push(
        finding('mirror/duplicate', mirror.origin, {
          message: `${backend.cluster} is mirrored to twice: a request can be copied there twice`,
        }),
      )
    }
    seen.add(backend.cluster)
    diagnostics.push(...ambiguousPort('mirror/ambiguous-port', mirror.backend, { ...listening, backend }))
    if (isWhereverTheRequestGoes(backend, listening)) diagnostics.push(alongside(mirror, backend))
    const cluster = needsOwnCluster(mirror, backend, listening)
      ? mirrorClusterName(backend.port, backend.subset, backend.host)
      : backend.cluster
    kept.push({
      cluster,
      fraction: mirror.fraction,
      runtimeKey: mirror.runtimeKey,
      host: mirror.host,
      origin: mirror.origin,
    })
    uses.push({
      by: 'mirror',
      cluster,
      limits: mirror.limits,
      origin: mirror.origin,
      ...targetOf(backend, listening),
    })
  }
  return { mirrors: kept, uses, diagnostics, missing }
}

function isWhereverTheRequestGoes({ service, settings }: FoundBackend, { visible }: Listening): boolean {
  return (
    mirrorDiscoveryFor(service, visible) === 'original-destination' ||
    settings.loadBalancer?.kind === 'passthrough'
  )
}

function alongside({ origin }: Mirror, { host }: FoundBackend): Diagnostic {
  return finding('mirror/original-destination', origin, {
    message:
      `${host} has no endpoints of its own: with interception the copies go where the primary ` +
      `requests go, from bound listeners nowhere`,
    hint: 'give the host endpoints of its own, and a load balancer that chooses among them',
  })
}

function needsOwnCluster(mirror: Mirror, backend: FoundBackend, { visible }: Listening): boolean {
  return (
    mirror.cluster === 'dedicated' ||
    mirrorDiscoveryFor(backend.service, visible) !== discoveryFor(backend.service, visible) ||
    (mirror.cluster === 'auto' && mayBePrimary(backend, visible))
  )
}

/**
 * Whether requests other than copies may use the backend's cluster: those for what a route names, and on a
 * sidecar those for any service.
 */
function mayBePrimary({ host, subset, service }: FoundBackend, visible: VisibleModel): boolean {
  const isCalledByName =
    visible.scope.role === 'sidecar' && subset === undefined && service.namedBy === undefined
  return isCalledByName || visible.isDestination(host, subset)
}

function targetOf(backend: FoundBackend, { visible }: Listening): Pick<MirrorUse, 'target'> {
  const target = endpointTarget(backend, mirrorDiscoveryFor(backend.service, visible))
  return target === undefined ? {} : { target }
}

function leftOut({ origin }: Mirror): Diagnostic {
  return finding('mirror/proxyless-grpc', origin, {
    message: 'gRPC clients without a proxy cannot mirror: their requests are not copied',
  })
}
