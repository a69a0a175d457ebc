import type { FieldPath } from '../../diagnostics/diagnostic.ts'
import { valueAt } from '../../manifest/issue.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import { isRecord } from '../../manifest/message.ts'
import { meantFields, writtenMatches } from '../reading/meant-fields.ts'
import { leftOutOf, rejectedConsequence, rejectedStatus } from '../reading/rejected-rule.ts'
import type { RejectedMatches } from '../reading/rejected-rule.ts'
import { headerMatcher, matcher, queryParameterMatcher } from './matcher.ts'
import type { Matcher } from './matcher.ts'
import { route } from './route.ts'
import type { DeclaredRoute } from './route.ts'

const routeFields = Object.keys(route.out.shape)
const matcherFields = Object.keys(matcher.out.shape)

/** The place of a list of routes in an object. */
export interface RouteList {
  readonly manifest: Manifest
  /** In `spec`, as in `['virtualHost', 'routes']`. */
  readonly list: FieldPath
}

/**
 * The routes of a list; a route with a mistake becomes one that answers with an error. Undefined if its match
 * cannot be read.
 */
export function withRejectedRoutes(
  routes: readonly (DeclaredRoute | undefined)[],
  at: RouteList,
): readonly (DeclaredRoute | undefined)[] {
  return routes.map((each, index): DeclaredRoute | undefined => {
    if (each !== undefined) return each
    const matches = matchersOf(index, at)
    const readable = matches?.filter((match) => match !== undefined)
    if (readable === undefined || (readable.length === 0 && matches?.length !== 0)) return undefined
    return { matchers: readable, directResponseAction: { status: rejectedStatus } }
  })
}

/** The consequence for requests of leaving out a part of the `spec` (`DecodeOptions.consequence`). */
export function rejectedConsequences(at: RouteList): (left: FieldPath) => string | undefined {
  return (left) => {
    const found = leftOutOf(left, at.list, 'matchers')
    return found === undefined ? undefined : rejectedConsequence(matchersOf(found.rule, at))
  }
}

function matchersOf(index: number, { manifest: { object }, list }: RouteList): RejectedMatches<Matcher> {
  return writtenMatches(valueAt(object, ['spec', ...list, index]), routeFields)?.map(widerMatcher)
}

/**
 * A matcher with a mistake, read in its most likely intention: it takes all the intended requests, and those
 * that differ only in the unreadable part. Undefined if it would also take requests of other routes.
 */
function widerMatcher(written: unknown): Matcher | undefined {
  const strict = matcher.safeParse(written)
  if (strict.success) return strict.data
  const { headers, queryParameters, methods, ...others } = meantFields(
    typeof written === 'string' && written.startsWith('/') ? { prefix: written } : written,
    matcherFields,
  ) ?? { connectMatcher: true }
  return matcher.safeParse({
    ...others,
    headers: widerNamed(headers, headerMatcher),
    queryParameters: widerNamed(queryParameters, queryParameterMatcher),
    methods: typeof methods === 'string' ? [methods] : methods,
  }).data
}

/** A header or query parameter whose value cannot be read only has to be present. */
function widerNamed(written: unknown, schema: typeof headerMatcher | typeof queryParameterMatcher): unknown {
  if (!Array.isArray(written)) return written
  return written.map((each: unknown) =>
    schema.safeParse(each).success || !isRecord(each) || each['invertMatch'] === true
      ? each
      : { name: each['name'] },
  )
}
