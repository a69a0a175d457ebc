import type { Json, JsonObject } from '../../manifest/manifest.ts'
import type { HeaderMatch, Match, Route, StringMatch } from '../../model/route.ts'
import { present } from '../rendered.ts'
import type { Remarks } from '../rendered.ts'

/**
 * The HTTPMatchRequest of a route without its path; undefined, with a comment, if Istio cannot express it:
 * two conditions on one header.
 */
export function writtenConditions(
  { match, applies, statPrefix }: Route,
  gateways: readonly string[] | undefined,
  remarks: Remarks,
): JsonObject | undefined {
  const { headers, queryParameters, caseSensitive } = match
  const pseudo = headers.filter(isPseudo)
  const [has, hasNot] = [
    headers.filter((each) => !each.invert && !isPseudo(each)),
    headers.filter(({ invert }) => invert),
  ]
  const repeated = [has, hasNot, pseudo, queryParameters].map(repeatedName).find((name) => name !== undefined)
  if (repeated !== undefined) {
    remarks.add(
      [],
      `not carried, a match with two conditions on ${repeated}: Istio's maps take one for each name`,
    )
    return undefined
  }
  const port = applies.port
  return present<Json>({
    ignoreUriCase: caseSensitive === false ? true : undefined,
    ...Object.fromEntries(pseudo.map((each) => [each.name.slice(1), stringMatch(each.match)])),
    headers: matchesByName(has),
    withoutHeaders: matchesByName(hasNot),
    queryParams: matchesByName(queryParameters),
    port,
    gateways: gateways === undefined ? undefined : [...gateways],
    sourceLabels: applies.proxyLabels === undefined ? undefined : { ...applies.proxyLabels },
    sourceNamespace: applies.proxyNamespace,
    statPrefix: statPrefix === '' ? undefined : statPrefix,
  })
}

/**
 * The uri of a match, `undefined` for every path. Segments become two matches: the path itself, and the paths
 * below it.
 */
export function writtenPaths({ path: { kind, value } }: Match): readonly (JsonObject | undefined)[] {
  if (kind === 'segments') return [{ exact: value }, { prefix: `${value}/` }]
  return [kind === 'prefix' && value === '/' ? undefined : { [kind]: value }]
}

const pseudoHeaders = [':method', ':authority', ':scheme']

/** Conditions that have fields of their own. */
function isPseudo({ name, match, invert }: HeaderMatch): boolean {
  return pseudoHeaders.includes(name) && !invert && match.kind !== 'present'
}

function repeatedName(matches: readonly { readonly name: string }[]): string | undefined {
  const names = matches.map(({ name }) => name)
  return names.find((name, index) => names.indexOf(name) !== index)
}

function matchesByName(
  matches: readonly { readonly name: string; readonly match: StringMatch }[],
): JsonObject | undefined {
  return matches.length === 0
    ? undefined
    : Object.fromEntries(matches.map(({ name, match }) => [name, stringMatch(match)]))
}

function stringMatch(match: StringMatch): JsonObject {
  return match.kind === 'present' ? {} : { [match.kind]: match.value }
}
