import { isIP } from 'node:net'
import { below, finding } from '../../diagnostics/finding.ts'
import type { Diagnostic, Origin } from '../../diagnostics/diagnostic.ts'
import type { EndpointSet } from '../../model/backend.ts'
import { hasLabels } from '../../model/labels.ts'
import type { ClusterUse, EndpointTarget, MirrorUse } from '../resolved.ts'

/** Findings about the requests and copies that the routes of one scope send to one cluster. */
export function clusterUseFindings(
  uses: readonly ClusterUse[],
  endpointsOf: (host: string) => readonly EndpointSet[],
): readonly Diagnostic[] {
  const mirrors = uses.filter((use) => use.by === 'mirror')
  const written = uses.flatMap((use) =>
    use.by === 'primary' && use.destination !== undefined ? [use.destination] : [],
  )
  return [
    ...written.flatMap(({ origin, target }) =>
      withoutEndpoints(
        { code: 'route/no-endpoints', origin, target, consequence: 'requests for it are answered with 503' },
        endpointsOf,
      ),
    ),
    ...(mirrors.length < uses.length
      ? mirrors.flatMap((use) => [withoutLimits(use), ...withoutTimeout(use)])
      : []),
    ...mirrors.flatMap(({ origin, target }) =>
      withoutEndpoints(
        { code: 'mirror/no-endpoints', origin, target, consequence: 'every copy is dropped' },
        endpointsOf,
      ),
    ),
  ]
}

/** Limits belong to a cluster, so a mirror's limits on a shared cluster would throttle the primary routes. */
function withoutLimits({ cluster, origin }: MirrorUse): Diagnostic {
  return finding('mirror/unbounded', origin, {
    message: `primary routes use ${cluster} too, so the copies have no limits of their own`,
    hint: 'to bound them, annotate the object with shadowplane.io/mirror-clusters: dedicated',
  })
}

/**
 * A cluster that only mirrors use ends a copy by its max_stream_duration. On a cluster that primary routes
 * share, only the route's timeout ends it.
 */
function withoutTimeout({ noTimeout, cluster }: MirrorUse): readonly Diagnostic[] {
  return noTimeout === undefined
    ? []
    : [
        finding('mirror/without-timeout', noTimeout, {
          message:
            `the route has no timeout, and neither have its copies to ${cluster}, which primary ` +
            `routes use too: one that is never answered stays`,
          hint: 'write a timeout, or annotate the object with shadowplane.io/mirror-clusters: dedicated',
        }),
      ]
}

interface TargetUse {
  readonly code: 'route/no-endpoints' | 'mirror/no-endpoints'
  readonly origin: Origin
  readonly target: EndpointTarget | undefined
  readonly consequence: string
}

/** Checks only hosts that have at least one endpoint set: most configurations in files have none. */
function withoutEndpoints(
  { code, origin, target, consequence }: TargetUse,
  endpointsOf: (host: string) => readonly EndpointSet[],
): readonly Diagnostic[] {
  const sets = target === undefined ? [] : endpointsOf(target.host)
  if (target === undefined || sets.length === 0) return []
  const ready = sets
    .flatMap(({ endpoints }) => endpoints)
    .filter(
      ({ address, ports }) =>
        (isIP(address) !== 0 || address.startsWith('unix://')) && ports[target.port] !== undefined,
    )
  if (ready.some(({ labels }) => hasLabels(labels, target.labels))) return []
  const wanted = Object.entries(target.labels)
    .map(([name, value]) => `${name}: ${value}`)
    .join(', ')
  if (ready.length > 0) {
    return [
      finding(code, below(origin, 'subset'), {
        message:
          `no ready endpoint of ${target.host} (there ${ready.length === 1 ? 'is' : 'are'} ` +
          `${ready.length}) has the labels of the subset (${wanted}): ${consequence}`,
        hint: 'compare the labels of the Pods with those of the subset',
      }),
    ]
  }
  return [
    finding(code, below(origin, 'host'), {
      message: `${target.host} has no ready endpoint on port ${target.port}: ${consequence}`,
      hint: 'start its workload, or see why it is not ready',
    }),
  ]
}
