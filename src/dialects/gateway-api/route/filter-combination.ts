import type { Report } from '../../reading/report.ts'
import type { PlacedFilter } from './checked-filters.ts'
import type { PlacedRule } from './rule-routes.ts'
import type { InvalidReason } from './standing.ts'

/**
 * Refuses filters that are sound each by itself and cannot be applied together, or to the rule's matches. Its
 * requests are answered with an error.
 */
export function checkCombination(
  { prefix }: Pick<PlacedRule, 'prefix'>,
  filters: readonly PlacedFilter[],
  report: Report,
): InvalidReason | undefined {
  const redirect = filters.find(({ type }) => type === 'RequestRedirect')
  const rewrite = filters.find(({ type }) => type === 'URLRewrite')
  if (redirect !== undefined && rewrite !== undefined) {
    report.reject('filter/incompatible', [...rewrite.path, 'type'], {
      message:
        'URLRewrite is set beside RequestRedirect, which sends no request on: the rule is answered with 500',
      hint: 'remove one of the two',
    })
    return 'IncompatibleFilters'
  }
  const [at, modifier] =
    redirect !== undefined
      ? [[...redirect.path, 'requestRedirect'], redirect.filter.requestRedirect?.path]
      : [[...(rewrite?.path ?? []), 'urlRewrite'], rewrite?.filter.urlRewrite?.path]
  if (modifier?.type !== 'ReplacePrefixMatch' || prefix !== undefined) return undefined
  report.reject('field/invalid-value', [...at, 'path', 'replacePrefixMatch'], {
    message:
      'replacePrefixMatch needs a rule with exactly one match, of type PathPrefix: the rule is answered ' +
      'with 500',
    hint: 'write a rule for each match',
  })
  return 'UnsupportedValue'
}
