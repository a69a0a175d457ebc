import type { Origin } from '../../../diagnostics/diagnostic.ts'
import type { ObjectLookup } from '../../dialect.ts'
import type { Condition } from './condition.ts'
import { precedenceOf } from './group-key.ts'
import type { Group } from './group.ts'
import { labelsOf } from './group.ts'
import { authorityPattern, globCovers } from '../host-glob.ts'
import { hostsIn, takes } from '../host.ts'
import type { Host } from '../host.ts'
import { indexKey } from '../index-key.ts'
import { binds, listenersIn } from '../listener.ts'
import type { Listener } from '../listener.ts'
import type { MappingSpec } from './mapping-spec.ts'
import { isRedirect, fieldOf } from './mapping.ts'
import type { Mapping } from './mapping.ts'
import { gatewayOf } from '../server.ts'
import { parseServiceName } from '../service-name.ts'
import { rejectedStatus } from '../../reading/rejected-rule.ts'
import { compareText } from '../../../model/names.ts'
import type {
  Action,
  CorsPolicy,
  HeaderChanges,
  HeaderMatch,
  HeaderOperations,
  Match,
  Redirect,
  Route,
  RouteTable,
  StringMatch,
  Destination,
  Forward,
  RetryPolicy,
  Rewrite,
} from '../../../model/route.ts'
import { noHeaderChanges } from '../../../model/route.ts'
import { isGiven } from '../../reading/constraint.ts'
import { mirrorOf } from './mirror.ts'
import { upstreamOf } from '../upstream.ts'
import { sharesOf } from './weight.ts'

/** The Hosts of an installation, and its Listeners. */
export interface Installation {
  readonly id: string
  readonly hosts: readonly Host[]
  readonly listeners: readonly Listener[]
}

export function installation(id: string, { indexed }: ObjectLookup): Installation {
  return {
    id,
    hosts: hostsIn(indexed(indexKey.hosts(id))),
    listeners: listenersIn(indexed(indexKey.listeners(id))),
  }
}

/** The Hosts that take a group. */
export function hostsOf(group: Group, { hosts }: Installation): readonly Host[] {
  const [first] = group.primaries
  if (first === undefined) return []
  const wanted = {
    host: first.conditions.host,
    hostRegex: first.conditions.hostRegex,
    labels: labelsOf(group),
  }
  return hosts.filter((host) => takes(host, wanted))
}

/**
 * The routes of a group, a table for each Host that takes it: Mappings of all groups act as one table there,
 * in Emissary's order.
 */
export function tablesOf(group: Group, place: Installation, lookup: ObjectLookup): readonly RouteTable[] {
  const [first] = group.primaries
  const action = first === undefined ? undefined : actionOf(first, group, lookup)
  if (first === undefined || action === undefined) return []
  const {
    manifest: { id, created },
  } = first
  return hostsOf(group, place).flatMap((host): readonly RouteTable[] => {
    const attachedTo = place.listeners
      .filter((listener) => binds(listener, host))
      .map((listener) => gatewayOf(listener, host, place.id))
    if (attachedTo.length === 0) return []
    const origin: Origin = { object: id, path: ['spec'] }
    return [
      {
        namespace: id.namespace,
        name: id.name,
        hosts: [{ host: host.hostname, origin }],
        attachedTo,
        visibility: 'everywhere',
        order: [created, id.namespace, id.name].join('\u0000'),
        joins: `emissary|${place.id}`,
        routes: [routeOf(group, { first, host, action })],
        origin,
      },
    ]
  })
}

function actionOf(first: Mapping, group: Group, lookup: ObjectLookup): Action | undefined {
  if (first.rejected !== undefined)
    return { kind: 'direct-response', status: rejectedStatus, body: undefined }
  return isRedirect(first) ? redirectOf(first) : forwardOf(group, lookup)
}

interface RouteParts {
  readonly first: Mapping
  readonly host: Host
  readonly action: Action
}

function routeOf({ primaries }: Group, { first, host, action }: RouteParts): Route {
  const {
    manifest: { id, apiVersion },
  } = first
  return {
    name: id.name,
    match: matchOf(first, host),
    applies: {},
    precedence: precedenceOf(first),
    action,
    headers: headerChanges(primaries),
    fault: undefined,
    cors: corsOf(lastSaid(primaries, 'cors')),
    statPrefix: undefined,
    metadata: {
      namespace: 'emissary',
      config: `/apis/${apiVersion}/namespaces/${id.namespace}/mapping/${id.name}`,
    },
    origin: { object: id, path: ['spec', 'prefix'] },
  }
}

/**
 * The redirect of a Mapping with `host_redirect`: its service is the new host. The simplest of several paths
 * is used.
 */
function redirectOf({ spec }: Mapping): Redirect {
  const { scheme, host, port } = parseServiceName(spec.service) ?? {
    scheme: undefined,
    host: '',
    port: undefined,
  }
  return {
    kind: 'redirect',
    host,
    path: pathOf(spec),
    scheme,
    port,
    code: spec.redirect_response_code ?? 301,
  }
}

function pathOf({
  path_redirect: path = '',
  prefix_redirect: prefix = '',
  regex_redirect: regex,
}: Mapping['spec']): Redirect['path'] {
  if (path !== '') return { kind: 'path', value: path }
  if (prefix !== '') return { kind: 'prefix', value: prefix }
  return regex === undefined
    ? undefined
    : { kind: 'regex', pattern: regex.pattern, substitution: regex.substitution ?? '' }
}

type Cors = NonNullable<MappingSpec['cors']>

/** Emissary's CORS: every origin is exact, and `*` is any, as Envoy takes it. */
function corsOf(declared: Cors | undefined): CorsPolicy | undefined {
  if (declared === undefined) return undefined
  return {
    origins: listOf(declared.origins).map((value) => ({ kind: 'exact', value })),
    methods: listOf(declared.methods),
    headers: listOf(declared.headers),
    exposedHeaders: listOf(declared.exposed_headers),
    maxAge: declared.max_age === undefined ? undefined : Number(declared.max_age),
    credentials: declared.credentials,
    unmatchedPreflights: 'forward',
  }
}

/** v2 separates the values by commas. */
function listOf(declared: Cors['origins']): readonly string[] {
  const values = declared === undefined ? [] : typeof declared === 'string' ? declared.split(',') : declared
  return values.map((each) => each.trim()).filter((each) => each !== '')
}

/**
 * Header operations of a group: additions of all its Mappings, and the removals of the last Mapping that has
 * any (`IRHTTPMappingGroup.finalize`).
 */
function headerChanges(primaries: readonly Mapping[]): HeaderChanges {
  const specs = primaries.map(({ spec }) => spec)
  return {
    request: operations(
      specs.map((each) => each.add_request_headers),
      specs.findLast((each) => each.remove_request_headers !== undefined)?.remove_request_headers,
    ),
    response: operations(
      specs.map((each) => each.add_response_headers),
      specs.findLast((each) => each.remove_response_headers !== undefined)?.remove_response_headers,
    ),
  }
}

function operations(
  added: readonly MappingSpec['add_request_headers'][],
  removed: MappingSpec['remove_request_headers'],
): HeaderOperations {
  const values = Object.entries(Object.fromEntries(added.flatMap((each) => Object.entries(each ?? {})))).map(
    ([name, value]) =>
      typeof value === 'string'
        ? { name, value, append: true }
        : { name, value: value.value ?? '', append: value.append ?? true },
  )
  const those = (append: boolean): Readonly<Record<string, string>> =>
    Object.fromEntries(
      values.filter((each) => each.append === append).map(({ name, value }) => [name, value]),
    )
  return {
    set: those(false),
    add: those(true),
    remove: removed === undefined ? [] : typeof removed === 'string' ? [removed] : removed,
  }
}

/**
 * The match that Envoy compares with a request for a Host. It includes the Mapping's own host name, if the
 * Host has names that the Mapping does not want.
 */
function matchOf({ spec, conditions }: Mapping, host: Host): Match {
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

/** Emissary's default for `timeout_ms`. */
const timeout = 3000

/** The destinations of a group's requests and copies. Undefined if the weights leave no destination. */
function forwardOf({ primaries, shadows }: Group, lookup: ObjectLookup): Forward | undefined {
  const [first] = primaries
  const { weights } = sharesOf(primaries)
  const destinations = primaries
    .map((mapping, index) => destinationOf(mapping, weights[index] ?? 0, lookup))
    .filter(({ weight }) => weight > 0)
  if (first === undefined || destinations.length === 0) return undefined
  return {
    kind: 'forward',
    destinations,
    mirrors: shadows.flatMap((mapping) => mirrorOf(mapping, lookup)),
    timeout: first.spec.timeout_ms ?? timeout,
    ...(first.spec.timeout_ms === 0 ? { noTimeout: fieldOf(first, 'timeout_ms') } : {}),
    retry: retryOf(lastSaid(primaries, 'retry_policy')),
    rewrite: rewriteOf(first.spec, lastSaid(primaries, 'regex_rewrite')),
    ...(primaries.some(({ rejected }) => rejected !== undefined) ? { missingStatus: rejectedStatus } : {}),
  }
}

/** The value of the last Mapping of a group that sets the field, as in Emissary. */
function lastSaid<F extends keyof MappingSpec>(
  primaries: readonly Mapping[],
  field: F,
): MappingSpec[F] | undefined {
  return primaries.findLast(({ spec }) => spec[field] !== undefined)?.spec[field]
}

function destinationOf(mapping: Mapping, weight: number, lookup: ObjectLookup): Destination {
  const { host_rewrite: literal, auto_host_rewrite: auto } = mapping.spec
  const { backend, hostname } = upstreamOf(mapping, lookup)
  return {
    backend,
    weight,
    headers: noHeaderChanges,
    authority: isGiven(literal) ? literal : auto === true ? hostname : undefined,
  }
}

/** Without `rewrite` the prefix becomes `/`; an empty one keeps the path. */
function rewriteOf({ rewrite = '/' }: MappingSpec, pattern: MappingSpec['regex_rewrite']): Rewrite {
  if (pattern !== undefined)
    return { regex: { pattern: pattern.pattern, substitution: pattern.substitution ?? '' }, explicit: true }
  return rewrite === '' ? { explicit: true } : { prefix: rewrite, explicit: true }
}

function retryOf(declared: MappingSpec['retry_policy']): RetryPolicy | 'never' {
  if (declared === undefined) return 'never'
  return {
    attempts: declared.num_retries ?? 1,
    retryOn: declared.retry_on,
    statusCodes: [],
    perTryTimeout: declared.per_try_timeout,
    backoff: undefined,
    ignorePreviousHosts: false,
    otherLocalities: false,
  }
}
