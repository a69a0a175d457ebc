import type { FieldPath } from '../../../diagnostics/diagnostic.ts'
import { didYouMean } from '../../../diagnostics/did-you-mean.ts'
import { rawValue } from '../../reading/report.ts'
import type { Report } from '../../reading/report.ts'
import { filterFields } from './filter.ts'
import type { Filter, FilterType } from './filter.ts'
import type { InvalidReason } from './route-conditions.ts'

/** The place of a list of filters, and the types that the kind of route allows. */
export interface FilterSite {
  readonly report: Report
  readonly path: FieldPath
  readonly types: readonly FilterType[]
}

export interface PlacedFilter {
  readonly type: FilterType
  readonly filter: Filter
  readonly path: FieldPath
}

export interface CheckedFilters {
  /** The valid filters, in order; the first of each type that may not be repeated. */
  readonly usable: readonly PlacedFilter[]
  /** Why requests must be answered with an error: a filter that is not understood may not be passed over. */
  readonly unusable: InvalidReason | undefined
}

const repeatable: readonly FilterType[] = ['RequestMirror', 'ExtensionRef']

/** Without them the request would differ from the intended one. */
const decisive: readonly FilterType[] = ['RequestRedirect', 'URLRewrite', 'ExtensionRef', 'ExternalAuth']

/**
 * Refuses what the CRD does beyond the types of fields, and says of each filter whether it can be applied.
 */
export function checkedFilters(filters: readonly (Filter | undefined)[], site: FilterSite): CheckedFilters {
  const usable: PlacedFilter[] = []
  const state: { unusable: InvalidReason | undefined } = { unusable: undefined }
  filters.forEach((filter, index) => {
    if (filter === undefined) return
    const path = [...site.path, index]
    const type = typeOf(filter, path, site)
    if (type === undefined || !isApplicable({ type, filter, path }, site)) {
      if (type === undefined || decisive.includes(type)) state.unusable ??= 'UnsupportedValue'
      return
    }
    if (!repeatable.includes(type) && usable.some((each) => each.type === type)) {
      site.report.reject('filter/repeated', [...path, 'type'], {
        message: `a second filter of type ${type}, which has no effect: the first applies`,
        hint: 'join the two',
      })
      return
    }
    usable.push({ type, filter, path })
  })
  return { usable, unusable: state.unusable }
}

function typeOf({ type }: Filter, path: FieldPath, { report, types }: FilterSite): FilterType | undefined {
  const known = types.find((each) => each === type)
  if (known !== undefined) return known
  const meant = didYouMean(type, types)
  report.reject('field/invalid-value', [...path, 'type'], {
    message:
      `the type of a filter is ${JSON.stringify(type)}, must be one of ${types.join(', ')}: its ` +
      `requests are answered with an error`,
    hint: meant === undefined ? undefined : `did you mean \`${meant}\`?`,
  })
  return undefined
}

function isApplicable({ type, filter, path }: PlacedFilter, { report }: FilterSite): boolean {
  const field = filterFields[type]
  for (const [ofType, other] of Object.entries(filterFields)) {
    if (other === field || rawValue(report.manifest, [...path, other]) === undefined) continue
    report.reject('field/invalid-value', [...path, other], {
      message: `${other} is set beside type ${type}, and has no effect`,
      hint: `write type: ${ofType}, or remove it`,
    })
  }
  if (rawValue(report.manifest, [...path, field]) === undefined) {
    report.reject('field/required', [...path, field], { message: `${field} is required by type ${type}` })
    return false
  }
  if (type === 'ExternalAuth') {
    report.note('field/unsupported', [...path, field], {
      message:
        'externalAuth is not supported yet: as it may not be passed over, its requests are answered with ' +
        'an error',
    })
    return false
  }
  return filter[field] !== undefined
}
