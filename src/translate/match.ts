import type { HeaderMatch, Match, StringMatch } from '../model/route.ts'
import type { Message } from '../xds/proto.ts'

/** envoy.config.route.v3.RouteMatch */
export function routeMatch({
  path,
  caseSensitive,
  headers,
  queryParameters,
}: Match): Message<'envoy.config.route.v3.RouteMatch'> {
  return {
    ...pathMatch(path),
    ...(caseSensitive === undefined ? {} : { case_sensitive: caseSensitive }),
    ...(headers.length === 0 ? {} : { headers: headers.map(headerMatcher) }),
    ...(queryParameters.length === 0
      ? {}
      : {
          query_parameters: queryParameters.map(({ name, match }) => ({
            name,
            ...(match.kind === 'present' ? { present_match: true } : { string_match: stringMatcher(match) }),
          })),
        }),
  }
}

function pathMatch({ kind, value }: Match['path']): Message<'envoy.config.route.v3.RouteMatch'> {
  switch (kind) {
    case 'exact':
      return { path: value }
    case 'prefix':
      return { prefix: value }
    case 'segments':
      return { path_separated_prefix: value }
    case 'regex':
      return { safe_regex: { regex: value } }
  }
}

function headerMatcher({ name, match, invert }: HeaderMatch): Message<'envoy.config.route.v3.HeaderMatcher'> {
  const inverted = invert ? { invert_match: true } : {}
  if (match.kind === 'present') return { name, ...inverted, present_match: true }
  // Without it, a request that lacks the header would not match as one whose header differs.
  const missing = invert ? { treat_missing_header_as_empty: true } : {}
  return { name, ...inverted, ...missing, string_match: stringMatcher(match) }
}

/** envoy.type.matcher.v3.StringMatcher */
export function stringMatcher(
  match: Exclude<StringMatch, { readonly kind: 'present' }>,
): Message<'envoy.type.matcher.v3.StringMatcher'> {
  switch (match.kind) {
    case 'exact':
      return { exact: match.value }
    case 'prefix':
      return { prefix: match.value }
    case 'regex':
      return { safe_regex: { regex: match.value } }
  }
}
