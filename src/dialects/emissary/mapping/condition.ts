import { compareText } from '../../../model/names.ts'
import type { MappingSpec } from './mapping-spec.ts'

/** A condition on one header or query parameter; `value` undefined: it must be present. */
export interface Condition {
  readonly name: string
  readonly value: string | undefined
  readonly regex: boolean
}

/** A Mapping's conditions on a request, except its path. */
export interface Conditions {
  /**
   * A DNS name, optionally with `*` at one end; undefined if there is none, or it is a regular expression.
   */
  readonly host: string | undefined
  readonly hostRegex: string | undefined
  /** In Emissary's order: exact ones and regular expressions by name, then host and method. */
  readonly headers: readonly Condition[]
  readonly queryParameters: readonly Condition[]
}

const authority = ':authority'

export function conditionsOf(spec: MappingSpec, apiVersion: string): Conditions {
  const exact = exactConditions(spec.headers, spec.v2BoolHeaders)
  const { host, hostRegex } = hostOf(spec, exact, apiVersion)
  const wanted = host ?? hostRegex
  return {
    host,
    hostRegex,
    headers: [
      ...exact.filter(({ name, value }) => name.toLowerCase() !== authority || value === undefined),
      ...regexConditions(spec.regex_headers),
      ...(wanted === undefined ? [] : [{ name: authority, value: wanted, regex: hostRegex !== undefined }]),
      ...(spec.method === undefined
        ? []
        : [{ name: ':method', value: spec.method, regex: spec.method_regex === true }]),
    ],
    queryParameters: [
      ...exactConditions(spec.query_parameters, spec.v2BoolQueryParameters),
      ...regexConditions(spec.regex_query_parameters),
    ],
  }
}

/**
 * `hostname` wins over `host`, and that over a header `:authority`. A v1 or v2 Mapping without any is for
 * every host, a v3alpha1 one for Hosts that select it.
 */
function hostOf(
  spec: MappingSpec,
  exact: readonly Condition[],
  apiVersion: string,
): Pick<Conditions, 'host' | 'hostRegex'> {
  if (spec.hostname !== undefined) return { host: spec.hostname, hostRegex: undefined }
  const named = spec.host === undefined || spec.host === '' ? undefined : spec.host
  if (named !== undefined)
    return spec.host_regex === true
      ? { host: undefined, hostRegex: named }
      : { host: named, hostRegex: undefined }
  const inHeaders = exact.find(({ name }) => name.toLowerCase() === authority)?.value
  return { host: inHeaders ?? (/\/v[12]$/.test(apiVersion) ? '*' : undefined), hostRegex: undefined }
}

function exactConditions(
  declared: MappingSpec['headers'],
  present: readonly string[] = [],
): readonly Condition[] {
  return entries(declared).map(([name, value]) => ({
    name,
    value: value === true || present.includes(name) ? undefined : value,
    regex: false,
  }))
}

function regexConditions(declared: MappingSpec['regex_headers']): readonly Condition[] {
  return entries(declared).map(([name, value]) => ({ name, value, regex: true }))
}

function entries<V>(declared: Readonly<Record<string, V>> | undefined): readonly (readonly [string, V])[] {
  return Object.entries(declared ?? {}).toSorted(([a], [b]) => compareText(a, b))
}
