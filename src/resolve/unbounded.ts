import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { ClusterUse } from './resolved.ts'

/** Says of each mirror to a cluster that primary routes use too that its copies have no limits of their own. */
export function sharedClusterDiagnostics(uses: readonly ClusterUse[]): readonly Diagnostic[] {
  if (!uses.some((use) => use.by === 'primary')) return []
  return uses.flatMap((use): readonly Diagnostic[] => use.by === 'primary' ? [] : [{
    code: 'mirror/unbounded',
    severity: 'info',
    message: `${use.origin.object.kind} ${use.origin.object.namespace}/${use.origin.object.name}: primary routes use ${use.cluster} too, so the copies have no limits of their own`,
    hint: 'to bound them, annotate the object with shadowplane.io/mirror-clusters: dedicated',
    origin: use.origin,
  }])
}
