import type { Manifest } from '../../manifest/manifest.ts'
import type { Settings } from '../../model/settings.ts'

/** Says for which revision of the control plane an object is. */
const revisionLabel = 'istio.io/rev'

/**
 * Follows istiod, for its own kinds and for routes of the Gateway API: an object without the label belongs to
 * every revision, and without a revision all are read.
 */
export function inRevision({ labels }: Manifest, { revision }: Settings): boolean {
  const label = labels[revisionLabel]
  return label === undefined || revision === undefined || label === revision
}

/** Whether the label says that the object is ours, and no other revision reads it. */
export function isOurs({ labels }: Manifest, { revision }: Settings): boolean {
  return revision !== undefined && labels[revisionLabel] === revision
}
