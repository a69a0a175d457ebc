import { pathsTo } from '../portability.ts'
import type { Divergence } from '../portability.ts'
import { takesSeveralShadows } from './mapping/several-shadows.ts'

/** Differences from Emissary that only an annotation of ours causes. */
export const divergences: readonly Divergence[] = [
  {
    code: 'portability/several-mirrors',
    controller: 'Emissary',
    does: 'uses one shadow of a group, whatever the annotation shadowplane.io/several-shadows says',
    source: 'emissary-ingress/emissary python/ambassador/ir/irhttpmappinggroup.py',
    find: (manifest) =>
      !takesSeveralShadows(manifest)
        ? []
        : pathsTo(manifest.object, 'spec.shadow').map((path) => ({
            path,
            message: 'uses one shadow of the group, and leaves out every further one',
          })),
  },
]
