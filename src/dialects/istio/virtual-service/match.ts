import { z } from 'zod'
import { message } from '../../../manifest/message.ts'
import { compareText } from '../../../model/names.ts'
import type { Applicability, HeaderMatch, Match } from '../../../model/route.ts'
import { byName, portNumber } from '../../reading/constraint.ts'
import { resolveGateway } from '../host.ts'
import { pathMatch, stringMatch, stringMatchOf, valueMatch } from './string-match.ts'

const matches = byName(valueMatch.nullable())

/** Istio's HTTPMatchRequest. */
export const httpMatch = message({
  name: z.string().optional(),
  uri: pathMatch.optional(),
  ignoreUriCase: z.boolean().optional(),
  scheme: stringMatch.optional(),
  method: stringMatch.optional(),
  authority: stringMatch.optional(),
  headers: matches.optional(),
  withoutHeaders: matches.optional(),
  queryParams: matches.optional(),
  port: portNumber.optional(),
  gateways: z.array(z.string()).optional(),
  sourceLabels: z.record(z.string(), z.string()).optional(),
  sourceNamespace: z.string().optional(),
  statPrefix: z.string().optional(),
})

export type HttpMatch = z.infer<typeof httpMatch>

/** The match that Envoy compares with a request. A rule without `match` takes every request. */
export function matchOf(match: HttpMatch | undefined): Match {
  if (match === undefined)
    return {
      path: { kind: 'prefix', value: '/' },
      caseSensitive: undefined,
      headers: [],
      queryParameters: [],
    }
  const headers = [
    ...Object.entries(match.headers ?? {}).map(([name, value]) => headerMatch(name, value, 'has')),
    ...Object.entries(match.withoutHeaders ?? {}).map(([name, value]) => headerMatch(name, value, 'has not')),
  ]
  const pseudo = (
    [
      ['method', match.method],
      ['authority', match.authority],
      ['scheme', match.scheme],
    ] as const
  ).flatMap(([name, value]) => (value === undefined ? [] : [headerMatch(`:${name}`, value, 'has')]))
  return {
    path: pathOf(match.uri),
    caseSensitive: match.ignoreUriCase !== true,
    headers: [...headers.toSorted(compareNames), ...pseudo],
    queryParameters: Object.entries(match.queryParams ?? {})
      .map(([name, value]) => ({ name, match: stringMatchOf(value ?? {}) }))
      .toSorted(compareNames),
  }
}

/**
 * The proxies and listeners that the match is for. With `gateways`, Istio ignores the source's labels and
 * namespace.
 */
export function applicabilityOf(match: HttpMatch | undefined, namespace: string): Applicability {
  if (match === undefined) return {}
  const port = match.port === undefined ? {} : { port: match.port }
  if (match.gateways !== undefined && match.gateways.length > 0) {
    return { ...port, attachedTo: match.gateways.map((gateway) => resolveGateway(gateway, namespace)) }
  }
  return {
    ...port,
    ...(match.sourceLabels === undefined ? {} : { proxyLabels: match.sourceLabels }),
    ...(match.sourceNamespace === undefined || match.sourceNamespace === ''
      ? {}
      : { proxyNamespace: match.sourceNamespace }),
  }
}

function pathOf(uri: HttpMatch['uri']): Match['path'] {
  const match = stringMatchOf(uri ?? {})
  return match.kind === 'present' ? { kind: 'prefix', value: '/' } : match
}

function headerMatch(
  name: string,
  value: z.infer<typeof stringMatch> | null,
  sense: 'has' | 'has not',
): HeaderMatch {
  return { name, match: stringMatchOf(value ?? {}), invert: sense === 'has not' }
}

function compareNames(a: { readonly name: string }, b: { readonly name: string }): number {
  return compareText(a.name, b.name)
}
