import type { ObjectId } from '../../../diagnostics/diagnostic.ts'
import { didYouMean } from '../../../diagnostics/did-you-mean.ts'
import { attachToObject } from '../../../model/attach.ts'
import type { AttachKey } from '../../../model/attach.ts'
import type { PlacedFilter } from './checked-filters.ts'
import type { RouteContext } from './route-context.ts'

export interface Extensions {
  /** The objects that ExtensionRefs name, which may attach mirrors to the rule. */
  readonly attachTo: readonly AttachKey[]
  /**
   * One of them leads nowhere: it may not be passed over, so that requests are answered with an error
   * (HTTPRouteFilter.extensionRef).
   */
  readonly failed: boolean
}

/** The objects beside the route that its filters of type ExtensionRef name. */
export function extensionsOf(filters: readonly PlacedFilter[], context: RouteContext): Extensions {
  const named = filters.flatMap(({ filter: { extensionRef }, type, path }) =>
    type === 'ExtensionRef' && extensionRef !== undefined
      ? [{ extensionRef, path: [...path, 'extensionRef'] }]
      : [],
  )
  const found = named.map(({ extensionRef, path }) => {
    const { namespace } = context.report.manifest.id
    return isThere({ ...extensionRef, namespace }, path, context)
      ? attachToObject({ ...extensionRef, namespace })
      : undefined
  })
  return { attachTo: found.filter((key) => key !== undefined), failed: found.includes(undefined) }
}

function isThere(
  id: ObjectId,
  path: PlacedFilter['path'],
  { report, lookup, standing, protocol }: RouteContext,
): boolean {
  const consequence = `the rule is answered with ${protocol.failure}`
  if (!lookup.isClaimed(id)) {
    const message = `nothing here reads ${id.kind} of ${id.group === '' ? 'the core group' : id.group}`
    report.note('reference/invalid-kind', [...path, 'kind'], {
      message: `${message}: ${consequence} (ResolvedRefs is False, InvalidKind)`,
    })
    standing.reference({ reason: 'InvalidKind', message })
    return false
  }
  if (lookup.manifest(id) !== undefined) return true
  const meant = didYouMean(
    id.name,
    lookup.manifestsOf(id, id.namespace).map((each) => each.id.name),
  )
  const message = `there is no ${id.kind} ${id.namespace}/${id.name}`
  report.note('reference/not-found', [...path, 'name'], {
    message: `${message}: ${consequence} (ResolvedRefs is False, BackendNotFound)`,
    hint: meant === undefined ? undefined : `did you mean ${meant}?`,
  })
  standing.reference({ reason: 'BackendNotFound', message })
  return false
}
