import type { HeaderChanges } from '../../../model/route.ts'
import { noHeaderChanges } from '../../../model/route.ts'
import type { Report } from '../../reading/report.ts'
import type { PlacedFilter } from './checked-filters.ts'
import { checkHost, operationsOf } from './http-header.ts'

/** The effect of the header modifiers among filters, and the authority that they set. */
export interface FilteredHeaders {
  readonly changes: HeaderChanges
  readonly authority: string | undefined
}

export function changesBy(filters: readonly PlacedFilter[], report: Report): FilteredHeaders {
  const state: { changes: HeaderChanges; authority: string | undefined } = {
    changes: noHeaderChanges,
    authority: undefined,
  }
  for (const { filter, type, path } of filters) {
    const side = type === 'RequestHeaderModifier' ? 'request' : 'response'
    const modifier =
      type === 'RequestHeaderModifier'
        ? filter.requestHeaderModifier
        : type === 'ResponseHeaderModifier'
          ? filter.responseHeaderModifier
          : undefined
    if (modifier === undefined) continue
    checkHost(modifier, { report, path: [...path, `${side}HeaderModifier`], side })
    const { operations, authority } = operationsOf(modifier)
    state.changes = { ...state.changes, [side]: operations }
    if (side === 'request') state.authority = authority
  }
  return state
}
