import type { Manifest } from '../../../../manifest/manifest.ts'
import type { HttpMatch } from './http-match.ts'
import { headerMatches } from './http-match.ts'
import { prefixOf } from './http-path.ts'
import type { GrpcMatch } from './grpc-match.ts'

/** The position of a match among the rules of its route. */
export interface MatchPlace {
  readonly manifest: Manifest
  readonly rule: number
  readonly match: number
}

/**
 * HTTPRouteRule.matches: an exact path first, then the longest prefix, then whether a method is matched, then
 * the most headers, then the most query parameters, then the oldest route, then the first by
 * `namespace/name`, then the order of the route. Where regular expressions stand is left to implementations:
 * between the two, the longest first, as Envoy Gateway has them.
 */
export function httpPrecedence(
  { path, method, headers = [], queryParams = [] }: HttpMatch,
  place: MatchPlace,
): string {
  const kind = { Exact: '0', RegularExpression: '1', PathPrefix: '2' }[path?.type ?? 'PathPrefix']
  const length = prefixOf(path)?.length ?? path?.value.length ?? 0
  const parameters = new Set(queryParams.map(({ name }) => name)).size
  return [
    kind,
    most(length),
    method === undefined ? '1' : '0',
    most(headerMatches(headers).length),
    most(parameters),
    tie(place),
  ].join(' ')
}

/**
 * GRPCRouteRule.matches: the most characters in the service, then in the method, then the most headers, then
 * as for HTTPRoutes.
 */
export function grpcPrecedence({ method, headers = [] }: GrpcMatch, place: MatchPlace): string {
  return [
    most(method?.service?.length ?? 0),
    most(method?.method?.length ?? 0),
    most(headerMatches(headers).length),
    tie(place),
  ].join(' ')
}

/** A text that sorts before those of smaller numbers. */
function most(count: number): string {
  return String(9999 - count).padStart(4, '0')
}

/** The separators come before every character of a time, namespace or name. */
function tie({ manifest: { created, id }, rule, match }: MatchPlace): string {
  return [created, `${id.namespace}/${id.name}`, inOrder(rule), inOrder(match)].join('\u0000')
}

function inOrder(index: number): string {
  return String(index).padStart(4, '0')
}
