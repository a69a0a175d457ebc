import { compareText } from '../../model/names.ts'
import type { HeaderMatch, Match, StringMatch } from '../../model/route.ts'
import type { Condition } from './condition.ts'
import { authorityPattern, globCovers } from './host-glob.ts'
import type { Host } from './host.ts'
import type { Mapping } from './mapping.ts'

/**
 * What Envoy compares with a request for a Host: the Mapping's own host name too, where the Host has names
 * that it does not want.
 */
export function matchOf({ spec, conditions }: Mapping, host: Host): Match {
  const { host: glob } = conditions
  const isNarrower = glob !== undefined && !globCovers(glob.toLowerCase(), host.hostname)
  const headers = conditions.headers.flatMap((each): readonly HeaderMatch[] => {
    if (each.name !== ':authority' || each.regex)
      return [{ name: each.name, match: valueMatch(each), invert: false }]
    return isNarrower
      ? [{ name: each.name, match: { kind: 'regex', value: authorityPattern(glob) }, invert: false }]
      : []
  })
  return {
    path: {
      kind: spec.prefix_regex === true ? 'regex' : spec.prefix_exact === true ? 'exact' : 'prefix',
      value: spec.prefix,
    },
    caseSensitive: spec.case_sensitive ?? true,
    headers: [
      ...headers.filter(({ name }) => !name.startsWith(':')).toSorted(byName),
      ...headers.filter(({ name }) => name.startsWith(':')),
    ],
    queryParameters: conditions.queryParameters
      .map((each) => ({ name: each.name, match: valueMatch(each) }))
      .toSorted(byName),
  }
}

function valueMatch({ value, regex }: Condition): StringMatch {
  if (value === undefined) return { kind: 'present' }
  return { kind: regex ? 'regex' : 'exact', value }
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return compareText(a.name, b.name)
}
