import type { FieldPath } from '../../../../diagnostics/diagnostic.ts'
import type { HttpMatch } from '../match.ts'

/**
 * The field of a delegate's match that no request of the root's match can meet, or that Istio cannot compare;
 * undefined if they agree.
 */
export function conflictBetween(root: HttpMatch, delegate: HttpMatch): FieldPath | undefined {
  for (const field of ['uri', 'scheme', 'method', 'authority'] as const) {
    if (!isWithin(delegate[field], root[field])) return [field]
  }
  for (const field of ['headers', 'withoutHeaders', 'queryParams'] as const) {
    const outside = Object.entries(delegate[field] ?? {}).find(
      ([name, value]) => !isWithin(value, root[field]?.[name]),
    )
    if (outside !== undefined) return [field, outside[0]]
  }
  if ((root.ignoreUriCase ?? false) !== (delegate.ignoreUriCase ?? false)) return ['ignoreUriCase']
  if (root.port !== undefined && delegate.port !== undefined && root.port !== delegate.port) return ['port']
  if (given(root.sourceNamespace) !== undefined && delegate.sourceNamespace !== root.sourceNamespace)
    return ['sourceNamespace']
  const other = Object.entries(delegate.sourceLabels ?? {}).find(
    ([name, value]) => (root.sourceLabels?.[name] ?? value) !== value,
  )
  if (other !== undefined) return ['sourceLabels', other[0]]
  const gateways = root.gateways ?? []
  return gateways.length > 0 && (delegate.gateways ?? []).some((gateway) => !gateways.includes(gateway))
    ? ['gateways']
    : undefined
}

type Text = HttpMatch['method'] | null

/** Istio compares texts only: a regular expression is within nothing, not even within itself. */
function isWithin(delegate: Text, root: Text): boolean {
  if (delegate === undefined || delegate === null || root === undefined || root === null) return true
  const exact = given(root.exact)
  if (exact !== undefined) return delegate.exact === exact
  const prefix = given(root.prefix)
  return prefix !== undefined && (delegate.prefix ?? delegate.exact ?? '').startsWith(prefix)
}

/** The conditions of both matches; for a field that both have, the delegate's. */
export function mergedMatch(root: HttpMatch, delegate: HttpMatch): HttpMatch {
  return {
    ...root,
    ...delegate,
    ...joined(
      'name',
      given([root.name, delegate.name].filter((name) => given(name) !== undefined).join('-')),
    ),
    ...joined('headers', both(root.headers, delegate.headers)),
    ...joined('withoutHeaders', both(root.withoutHeaders, delegate.withoutHeaders)),
    ...joined('queryParams', both(root.queryParams, delegate.queryParams)),
    ...joined('sourceLabels', both(root.sourceLabels, delegate.sourceLabels)),
    ...joined('sourceNamespace', given(delegate.sourceNamespace) ?? root.sourceNamespace),
    ...joined('statPrefix', given(delegate.statPrefix) ?? root.statPrefix),
    ...joined('gateways', (delegate.gateways ?? []).length > 0 ? delegate.gateways : root.gateways),
  }
}

function both<V>(
  root: Readonly<Record<string, V>> | undefined,
  delegate: Readonly<Record<string, V>> | undefined,
): Record<string, V> | undefined {
  return root === undefined && delegate === undefined ? undefined : { ...root, ...delegate }
}

function joined<Name extends keyof HttpMatch>(
  name: Name,
  value: HttpMatch[Name],
): Partial<Pick<HttpMatch, Name>> {
  return value === undefined ? {} : ({ [name]: value } as Partial<Pick<HttpMatch, Name>>)
}

/** An empty text is absent (protobuf's default value). */
function given(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}
