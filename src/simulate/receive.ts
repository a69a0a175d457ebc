import { splitPort } from './authority.ts'
import type { ConnectionManager } from './configuration.ts'
import { normalizedPath } from './path-normalization.ts'
import type { Header, ReceivedRequest, SimulatedRequest } from './request.ts'

/** Headers for the connection to the next hop, which are not passed on. */
const hopByHop = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'])

/** Headers that only internal clients may set; by default Envoy 1.40 treats no client as internal. */
const internal = new Set([
  'x-envoy-internal',
  'x-envoy-retriable-status-codes',
  'x-envoy-retriable-header-names',
  'x-envoy-retry-on',
  'x-envoy-retry-grpc-on',
  'x-envoy-max-retries',
  'x-envoy-upstream-alt-stat-name',
  'x-envoy-upstream-rq-timeout-ms',
  'x-envoy-upstream-rq-per-try-timeout-ms',
  'x-envoy-upstream-rq-timeout-alt-response',
  'x-envoy-expected-rq-timeout-ms',
  'x-envoy-force-trace',
  'x-envoy-ip-tags',
  'x-envoy-original-url',
  'x-envoy-hedge-on-per-try-timeout',
])

/** Headers that external clients may not set at an edge. */
const ofEdge = new Set([
  'x-envoy-decorator-operation',
  'x-envoy-downstream-service-cluster',
  'x-envoy-downstream-service-node',
  'x-envoy-original-path',
  'x-envoy-original-host',
])

/**
 * Envoy keeps one value of these, joined by commas where a client sends several (its inline headers); of all
 * others each one.
 */
const joined = new Set([
  ...internal,
  ...ofEdge,
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-client-cert',
  'x-request-id',
  'x-client-trace-id',
  'user-agent',
  'expect',
  'te',
  'via',
  'content-type',
  'grpc-timeout',
])

/** Stand for what Envoy finds only when the request is there: its id, and the client's address. */
const generated = { id: '00000000-0000-4000-8000-000000000000', address: '192.0.2.1' }

/** Whether a header's value is not what it will be. */
export function isGenerated(value: string): boolean {
  return value === generated.id || value.endsWith(generated.address)
}

/** The request as routes see it; undefined if the connection manager answers 400. */
export function receive(request: SimulatedRequest, manager: ConnectionManager): ReceivedRequest | undefined {
  const path = normalizedPath(request.path, manager)
  if (path === undefined) return undefined
  const isEdge = manager.use_remote_address === true
  const headers = joinedHeaders(
    request.headers.map(([name, value]): Header => [name.toLowerCase(), value.trim()]),
  )
    .map(onlyTrailers)
    .filter((header) => isKept(header, isEdge))
  const declared = isEdge
    ? undefined
    : headers.find(([name]) => name === 'x-forwarded-proto')?.[1].toLowerCase()
  const scheme = declared === 'http' || declared === 'https' ? declared : request.scheme
  return {
    scheme,
    method: request.method,
    authority: hostOf(request, manager),
    path,
    headers: withOwn(headers, { isEdge, scheme: request.scheme }),
  }
}

const replacedAtEdge = new Set(['x-forwarded-for', 'x-request-id', 'x-envoy-external-address'])

function joinedHeaders(headers: readonly Header[]): readonly Header[] {
  return headers.flatMap(([name, value], index): readonly Header[] => {
    if (!joined.has(name)) return [[name, value]]
    const same = headers.filter(([each]) => each === name).map(([, each]) => each)
    return headers.findIndex(([each]) => each === name) === index
      ? [[name, same.filter((each) => each !== '').join(',')]]
      : []
  })
}

/** The only value of a client about transfer codings that passes. */
function onlyTrailers([name, value]: Header): Header {
  return name === 'te' &&
    value
      .toLowerCase()
      .split(',')
      .some((each) => each.split(';', 1)[0]?.trim() === 'trailers')
    ? [name, 'trailers']
    : [name, value]
}

function isKept([name, value]: Header, isEdge: boolean): boolean {
  if (name === 'te') return value === '' || value === 'trailers'
  if (isEdge && (ofEdge.has(name) || name === 'x-forwarded-proto')) return false
  return !hopByHop.has(name) && !internal.has(name)
}

/** Headers that the connection manager adds before the route is chosen, so that a matcher finds them. */
function withOwn(
  headers: readonly Header[],
  { isEdge, scheme }: { readonly isEdge: boolean; readonly scheme: string },
): readonly Header[] {
  const has = (wanted: string): boolean => headers.some(([name]) => name === wanted)
  const forwarded = headers.filter(([name]) => name === 'x-forwarded-for').map(([, value]) => value)
  return [
    ...headers.filter(
      ([name, value]) => (name !== 'x-request-id' || value !== '') && (!isEdge || !replacedAtEdge.has(name)),
    ),
    ...(has('x-forwarded-proto') ? [] : [['x-forwarded-proto', scheme] as const]),
    ...(headers.some(([name, value]) => name === 'x-request-id' && value !== '') && !isEdge
      ? []
      : [['x-request-id', generated.id] as const]),
    ...(isEdge
      ? [
          ['x-forwarded-for', [...forwarded, generated.address].join(',')] as const,
          ['x-envoy-external-address', generated.address] as const,
        ]
      : []),
  ]
}

function hostOf({ authority, port }: SimulatedRequest, manager: ConnectionManager): string {
  const { host, port: suffix } = splitPort(authority)
  const name = manager.strip_trailing_host_dot === true && host.endsWith('.') ? host.slice(0, -1) : host
  const strips =
    manager.strip_any_host_port === true ||
    (manager.strip_matching_host_port === true && suffix === `:${port}`)
  return strips && /^:\d+$/.test(suffix) ? name : `${name}${suffix}`
}
