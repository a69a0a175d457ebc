import { z } from 'zod'
import type { FieldPath } from '../../../diagnostics/diagnostic.ts'
import type { Wording } from '../../../diagnostics/finding.ts'
import { message } from '../../../manifest/message.ts'
import { noHeaderChanges } from '../../../model/route.ts'
import type { Destination } from '../../../model/route.ts'
import { rawValue } from '../../reading/report.ts'
import { backendOf, backendReferenceFields, needsServicePort } from './backend-reference.ts'
import { checkedFilters } from './checked-filters.ts'
import type { PlacedFilter } from './checked-filters.ts'
import { grpcFilter, httpFilter } from './filter.ts'
import type { Filter } from './filter.ts'
import { changesBy } from './header-changes.ts'
import { mirrorIn } from './declared-mirror.ts'
import type { DeclaredMirror } from './declared-mirror.ts'
import type { RouteContext } from './route-context.ts'

/** The Gateway API's BackendRef, with filters of one kind of route. */
function backendRefWith<F extends z.ZodType<Filter>>(filter: F) {
  const weight = z.number().int().min(0).max(1_000_000)
  return message({
    ...backendReferenceFields,
    weight: weight.optional(),
    filters: z.array(filter).optional(),
  }).superRefine(needsServicePort)
}

/** HTTPBackendRef and GRPCBackendRef. */
export const httpBackendRef = backendRefWith(httpFilter)
export const grpcBackendRef = backendRefWith(grpcFilter)

export type BackendRef = z.infer<typeof httpBackendRef>

export interface Destinations {
  /** The destinations with a weight; empty if nothing may receive a request. */
  readonly destinations: readonly Destination[]
  /** Mirrors that a rule's only backend declares, which are as good as the rule's own. */
  readonly mirrors: readonly DeclaredMirror[]
}

/**
 * The backends of a rule. A backend that is not permitted, or has a mistake, keeps its share of the requests,
 * which are answered with an error.
 */
export function destinationsOf(
  backendRefs: readonly (BackendRef | undefined)[],
  path: FieldPath,
  context: RouteContext,
): Destinations {
  const all = backendRefs.map((reference, index) => {
    const at = [...path, index]
    if (reference === undefined) return { destination: unreadable(at, context), mirrors: [] }
    return destinationAt(reference, at, { context, isOnly: backendRefs.length === 1 })
  })
  const weighted = all.filter(({ destination }) => destination.weight > 0)
  return {
    destinations: weighted.map(({ destination }) => destination),
    mirrors: all.flatMap(({ mirrors }) => mirrors),
  }
}

interface Around {
  readonly context: RouteContext
  readonly isOnly: boolean
}

interface PlacedDestination {
  readonly destination: Destination
  readonly mirrors: readonly DeclaredMirror[]
}

function destinationAt(
  reference: BackendRef,
  path: FieldPath,
  { context, isOnly }: Around,
): PlacedDestination {
  const { report, lookup, conditions, protocol } = context
  const consequence = `requests for it are answered with ${protocol.failure}`
  const { backend, problem } = backendOf(reference, {
    manifest: report.manifest,
    path,
    lookup,
    report,
    consequence,
  })
  conditions.reference(problem)
  const { usable, unusable } = checkedFilters(reference.filters ?? [], {
    report,
    path: [...path, 'filters'],
    types: protocol.filterTypes,
  })
  const headers = changesBy(usable, report)
  const others = usable.filter(({ type }) => !type.endsWith('HeaderModifier'))
  const mirrors = isOnly ? others.flatMap(mirrorIn) : []
  const without = others.filter((each) => mirrorIn(each).length === 0 || !isOnly)
  for (const each of without)
    report.note('field/unsupported', [...each.path, 'type'], unsupportedOf(each, consequence))
  const isUnusable = unusable !== undefined || without.some(({ type }) => !passedOver.includes(type))
  return {
    destination: {
      backend: isUnusable ? { ...backend, rejected: true } : backend,
      weight: reference.weight ?? 1,
      headers: headers.changes,
      authority: headers.authority,
    },
    mirrors,
  }
}

/** Filters of a single backend without which its requests are as good as with them. */
const passedOver: readonly string[] = ['RequestMirror', 'CORS']

function unsupportedOf({ type }: PlacedFilter, consequence: string): Wording {
  const says =
    type === 'RequestMirror'
      ? 'Envoy mirrors for all backends of a rule alike, so the mirror of one among several is dropped'
      : `a filter of type ${type} on a single backend is not supported: ` +
        (passedOver.includes(type) ? 'it has no effect' : consequence)
  return { message: says, hint: 'move the filter to the rule' }
}

/**
 * Takes the place of a backend with a mistake, which the decoder has reported: its share is not given to the
 * others.
 */
function unreadable(path: FieldPath, { report: { manifest } }: RouteContext): Destination {
  const weight = rawValue(manifest, [...path, 'weight'])?.value
  return {
    backend: {
      host: '',
      port: undefined,
      subset: undefined,
      rejected: true,
      origin: { object: manifest.id, path },
    },
    weight:
      typeof weight === 'number' && Number.isInteger(weight) && weight >= 0 && weight <= 1_000_000
        ? weight
        : 1,
    headers: noHeaderChanges,
    authority: undefined,
  }
}
