import { isIP } from 'node:net'
import { below, finding } from '../diagnostics/finding.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { EndpointSet } from '../model/backend.ts'
import { hasLabels } from '../model/labels.ts'
import type { ClusterUse, MirrorUse } from './resolved.ts'

/** What is worth saying of the mirrors to one cluster of one scope. */
export function mirroredClusterFindings(uses: readonly ClusterUse[], endpointsOf: (host: string) => readonly EndpointSet[]): readonly Diagnostic[] {
  const mirrors = uses.filter((use) => use.by === 'mirror')
  if (mirrors.length === 0) return []
  return [
    ...(mirrors.length < uses.length ? mirrors.flatMap((use) => [withoutLimits(use), ...withoutTimeout(use)]) : []),
    ...mirrors.flatMap((use) => withoutEndpoints(use, endpointsOf)),
  ]
}

/** Limits are a cluster's: those of a mirror would throttle the primary routes. */
function withoutLimits({ cluster, origin }: MirrorUse): Diagnostic {
  return finding('mirror/unbounded', origin, {
    message: `primary routes use ${cluster} too, so the copies have no limits of their own`,
    hint: 'to bound them, annotate the object with shadowplane.io/mirror-clusters: dedicated',
  })
}

/** Where only mirrors use a cluster, its max_stream_duration ends a copy; where primary routes use it too, only the route's timeout can. */
function withoutTimeout({ noTimeout, cluster }: MirrorUse): readonly Diagnostic[] {
  return noTimeout === undefined ? [] : [finding('mirror/without-timeout', noTimeout, {
    message: `the route has no timeout, and neither have its copies to ${cluster}, which primary routes use too: one that is never answered stays`,
    hint: 'write a timeout, or annotate the object with shadowplane.io/mirror-clusters: dedicated',
  })]
}

/** Only hosts of which endpoints are told at all: most configurations in files leave them out. */
function withoutEndpoints({ target, origin }: MirrorUse, endpointsOf: (host: string) => readonly EndpointSet[]): readonly Diagnostic[] {
  const sets = target === undefined ? [] : endpointsOf(target.host)
  if (target === undefined || sets.length === 0) return []
  const ready = sets.flatMap(({ endpoints }) => endpoints).filter(({ address, ports }) => (isIP(address) !== 0 || address.startsWith('unix://')) && ports[target.port] !== undefined)
  if (ready.some(({ labels }) => hasLabels(labels, target.labels))) return []
  const wanted = Object.entries(target.labels).map(([name, value]) => `${name}: ${value}`).join(', ')
  if (ready.length > 0) {
    return [finding('mirror/no-endpoints', below(origin, 'subset'), {
      message: `no ready endpoint of ${target.host} (there ${ready.length === 1 ? 'is' : 'are'} ${ready.length}) has the labels of the subset (${wanted}): every copy is dropped`,
      hint: 'compare the labels of the Pods with those of the subset',
    })]
  }
  return [finding('mirror/no-endpoints', below(origin, 'host'), {
    message: `${target.host} has no ready endpoint on port ${target.port}: every copy is dropped`,
    hint: 'start its workload, or see why it is not ready',
  })]
}
