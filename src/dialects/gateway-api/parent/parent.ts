import type { Code } from '../../../diagnostics/codes.ts'
import type { FieldPath } from '../../../diagnostics/diagnostic.ts'
import type { Condition } from '../../../model/condition.ts'
import type { ObjectLookup } from '../../dialect.ts'
import type { Report } from '../../reading/report.ts'
import { notAccepted } from '../conditions.ts'
import type { GatewayPlace } from './gateway-hosts.ts'
import type { Belonging, ParentReference, ParentTable } from './parents.ts'

/** A route's reference to a parent, and its place. */
export interface ParentSite {
  readonly route: Belonging
  readonly reference: ParentReference
  readonly path: FieldPath
  readonly lookup: ObjectLookup
  readonly report: Report
}

/** The result of a route's attachment to a parent. */
export interface FoundParent {
  /** Listeners that take it. */
  readonly places: readonly GatewayPlace[]
  /** The route's tables, apart from listeners. */
  readonly tables: readonly ParentTable[]
  /** RouteConditionAccepted, as the parent sees it. */
  readonly accepted: Condition
}

export interface ParentMistake {
  readonly code: Code
  readonly field: 'name' | 'kind' | 'sectionName' | 'port' | 'namespace'
  readonly message: string
  readonly hint: string | undefined
  /** Absent: NoMatchingParent. */
  readonly reason?: 'NotAllowedByListeners' | 'NoMatchingParent'
}

/** A parent that does not take the route, and why. */
export function unknownParent(
  { path, report }: ParentSite,
  { code, field, message, hint, reason = 'NoMatchingParent' }: ParentMistake,
): FoundParent {
  report.note(code, [...path, field], {
    message: `${message}: its rules do not apply there (Accepted is False, ${reason})`,
    hint,
  })
  return { places: [], tables: [], accepted: notAccepted(reason, message) }
}
