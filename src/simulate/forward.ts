import { shadowAuthority } from './authority.ts'
import { clusterState, isDown, largestBody } from './cluster.ts'
import type { ClusterState } from './cluster.ts'
import type {
  EnvoyConfiguration,
  MirrorPolicy,
  Route,
  RouteAction,
  RouteConfiguration,
  VirtualHost,
} from './configuration.ts'
import { millionthsOf } from './fraction.ts'
import { headerValues } from './request.ts'
import type { Header, ReceivedRequest } from './request.ts'
import { changedHeaders, rewritesPath, rewrittenPath, withOriginals } from './rewrite.ts'
import type { HeaderChanges } from './rewrite.ts'

/** A cluster that a request may go to, and what it is sent there. */
export interface Destination {
  readonly cluster: string
  /** Parts of `totalWeight`. */
  readonly weight: number
  readonly state: ClusterState
  /** Status with which Envoy itself answers, as no endpoint can get the request; absent if one can. */
  readonly failure?: number
  readonly authority: string
  readonly path: string
  readonly headers: readonly Header[]
}

/** A copy, for a share of the requests. Envoy draws once for all mirrors of a request. */
export interface SimulatedMirror {
  readonly cluster: string
  readonly state: ClusterState
  readonly millionths: number
  /** '' where no dial can turn it. */
  readonly runtimeKey: string
  /** Host of the copy; several only where destinations rewrite the host, each its own. */
  readonly authorities: readonly string[]
  readonly path: string
  /** Bytes of the largest request body that is copied; undefined: without a limit. */
  readonly maxBody: number | undefined
  /** Whether the request says that its body is larger than that. */
  readonly withheld: boolean
}

export interface Retries {
  /** Retries after the first try. */
  readonly attempts: number
  readonly on: string
  readonly statuses: readonly number[]
  readonly perTryTimeout: string | undefined
}

export interface Forwarding {
  readonly destinations: readonly Destination[]
  readonly totalWeight: number
  readonly mirrors: readonly SimulatedMirror[]
  /** Protobuf JSON, as in `15s`; `0s` is none. */
  readonly timeout: string
  readonly retries: Retries | undefined
}

export interface RouteSurroundings {
  readonly configuration: EnvoyConfiguration
  readonly routeConfiguration: RouteConfiguration
  readonly virtualHost: VirtualHost
  readonly received: ReceivedRequest
}

/** Envoy's default for RouteAction.timeout. */
const defaultTimeout = '15s'

/** envoy.config.route.v3.RouteAction */
export function forwarding(route: Route, action: RouteAction, surroundings: RouteSurroundings): Forwarding {
  const { received, virtualHost } = surroundings
  const path = rewrittenPath(action, route.match ?? {}, received.path)
  const targets = targetsOf(action, received)
  const destinations = targets.map((target): Destination => {
    // The destination's comes first, and is what the route's replaces.
    const before = nonEmpty(target.host_rewrite_literal) ?? received.authority
    const rewritten = nonEmpty(action.host_rewrite_literal)
    const state = clusterState(surroundings.configuration, target.name)
    const failure = failureOf(state, action)
    const originals = {
      authority: rewritten === undefined ? undefined : before,
      path: rewritesPath(action) ? received.path : undefined,
    }
    return {
      cluster: target.name,
      weight: target.weight,
      state,
      ...(failure === undefined ? {} : { failure }),
      authority: rewritten ?? before,
      path,
      headers: withOriginals(
        changedHeaders(received.headers, inOrder(target, route, surroundings)),
        originals,
      ),
    }
  })
  return {
    destinations,
    totalWeight: targets.reduce((sum, { weight }) => sum + weight, 0),
    mirrors: policiesOf(action, surroundings).map((policy) => mirror(policy, destinations, surroundings)),
    timeout: action.timeout ?? defaultTimeout,
    retries: retriesOf(action.retry_policy ?? virtualHost.retry_policy),
  }
}

/** Whether a request that goes to this destination is forwarded, and so copied, at all. */
export function isForwarded({ failure }: Destination): boolean {
  return failure === undefined
}

/** RouteAction.ClusterNotFoundResponseCode */
const notFoundStatuses = {
  SERVICE_UNAVAILABLE: 503,
  NOT_FOUND: 404,
  INTERNAL_SERVER_ERROR: 500,
} as const satisfies Record<NonNullable<RouteAction['cluster_not_found_response_code']>, number>

/** A cluster without a ready endpoint answers with 503 whatever the route says of one that does not exist. */
function failureOf(
  state: ClusterState,
  { cluster_not_found_response_code: code = 'SERVICE_UNAVAILABLE' }: RouteAction,
): number | undefined {
  if (!isDown(state)) return undefined
  return state.kind === 'missing' ? notFoundStatuses[code] : 503
}

interface Target extends HeaderChanges {
  readonly name: string
  readonly weight: number
  readonly host_rewrite_literal?: string | undefined
}

/** One of weight 1, or those of a weighted cluster that have a weight. */
function targetsOf(action: RouteAction, received: ReceivedRequest): readonly Target[] {
  const named = action.cluster ?? headerValues(received, action.cluster_header ?? '')[0]
  if (action.weighted_clusters === undefined) return [{ name: named ?? '', weight: 1 }]
  return (action.weighted_clusters.clusters ?? [])
    .map((each): Target => ({ ...each, name: each.name ?? '', weight: each.weight ?? 0 }))
    .filter(({ weight }) => weight > 0)
}

/**
 * The closest first, so that the widest has the last word; the other way round where the route configuration
 * says so.
 */
function inOrder(
  target: Target,
  route: Route,
  { virtualHost, routeConfiguration }: RouteSurroundings,
): readonly HeaderChanges[] {
  const order = [target, route, virtualHost, routeConfiguration]
  return routeConfiguration.most_specific_header_mutations_wins === true ? order.toReversed() : order
}

/** The header changes of the route, else of its virtual host, else of the route configuration. */
function policiesOf(
  action: RouteAction,
  { virtualHost, routeConfiguration }: RouteSurroundings,
): readonly MirrorPolicy[] {
  const levels = [action, virtualHost, routeConfiguration].map(
    ({ request_mirror_policies: policies = [] }) => policies,
  )
  return levels.find((policies) => policies.length > 0) ?? []
}

function mirror(
  policy: MirrorPolicy,
  destinations: readonly Destination[],
  { configuration, received }: RouteSurroundings,
): SimulatedMirror {
  const cluster = nonEmpty(policy.cluster) ?? headerValues(received, policy.cluster_header ?? '')[0] ?? ''
  const maxBody = largestBody(configuration, cluster)
  return {
    cluster,
    state: clusterState(configuration, cluster),
    millionths: millionthsOf(policy.runtime_fraction, configuration.runtime ?? {}),
    runtimeKey: policy.runtime_fraction?.runtime_key ?? '',
    authorities: [...new Set(destinations.map(({ authority }) => copyAuthority(policy, authority)))],
    path: destinations[0]?.path ?? received.path,
    maxBody,
    withheld:
      maxBody !== undefined &&
      headerValues(received, 'content-length').some((value) => Number(value) > maxBody),
  }
}

/** Host of the copy of a request with this authority. */
function copyAuthority(
  { host_rewrite_literal: rewritten, disable_shadow_host_suffix_append: keeps }: MirrorPolicy,
  authority: string,
): string {
  return nonEmpty(rewritten) ?? (keeps === true ? authority : shadowAuthority(authority))
}

function retriesOf(policy: RouteAction['retry_policy']): Retries | undefined {
  if (policy?.retry_on === undefined || policy.num_retries === 0) return undefined
  return {
    attempts: policy.num_retries ?? 1,
    on: policy.retry_on,
    statuses: policy.retriable_status_codes ?? [],
    perTryTimeout: policy.per_try_timeout,
  }
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}
