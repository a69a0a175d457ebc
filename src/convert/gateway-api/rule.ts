import type { Backends, ReferenceSite } from './backend.ts'
import { corsFilters, headerFilters, redirectFilter, rewriteFilters } from './filter.ts'
import type { PlacedMirror } from '../mirror-annotation.ts'
import { createRemarks, present } from '../rendered.ts'
import type { Comment, Remarks } from '../rendered.ts'
import { sectionName } from '../../dialects/gateway-api/constraint.ts'
import type { Json, JsonObject } from '../../manifest/manifest.ts'
import { everyRequest } from '../../model/fraction.ts'
import type { Millionths } from '../../model/fraction.ts'
import type { Destination, Forward, RetryPolicy, Route } from '../../model/route.ts'
import type { Settings } from '../../model/settings.ts'

/** The fields of an HTTPRouteRule except its matches. */
export interface RenderedBody {
  readonly fields: JsonObject
  readonly mirrors: readonly PlacedMirror[]
  readonly comments: readonly Comment[]
}

export interface BodySite extends ReferenceSite {
  readonly backends: Backends
  readonly settings: Settings
  readonly scheme: 'http' | 'https'
}

/**
 * The action of a rule. If its requests would go to a wrong place, they are answered with 500, the Gateway
 * API's answer for references that cannot be resolved.
 */
export function writtenBody(route: Route, site: BodySite): RenderedBody {
  const remarks = createRemarks()
  const { action, name, statPrefix, fault } = route
  if (statPrefix !== undefined && statPrefix !== '')
    remarks.add([], `not carried, the name of its statistics, ${statPrefix}`)
  if (fault !== undefined) remarks.add([], 'not carried, a fault: the Gateway API injects none')
  const named = present<Json>({ name: sectionName.safeParse(name).success ? name : undefined })
  const failed = (why: string): RenderedBody => {
    const lost = action.kind === 'forward' && action.mirrors.length > 0 ? ', and not mirrored' : ''
    remarks.add([], `not carried, ${why}: the requests are answered with 500${lost}`)
    return { fields: named, mirrors: [], comments: remarks.comments }
  }
  if (action.kind === 'direct-response') {
    return action.status === 500 && action.body === undefined
      ? { fields: named, mirrors: [], comments: remarks.comments }
      : failed(`an answer of its own with status ${action.status}`)
  }
  const cors = corsFilters(route.cors, remarks)
  if (action.kind === 'redirect') {
    const filter = redirectFilter(action, route.match.path, site)
    if (filter === undefined) return failed('a redirect to what the Gateway API cannot say')
    return {
      fields: { ...named, filters: [...headerFilters(route.headers, undefined, remarks), filter, ...cors] },
      mirrors: [],
      comments: remarks.comments,
    }
  }
  const backendRefs = writtenDestinations(action.destinations, site, remarks)
  if (backendRefs === undefined) return failed('its only destination')
  const rewrite = rewriteFilters(action.rewrite, route.match.path)
  if (rewrite.filters === undefined) return failed('a rewrite of the path that the Gateway API cannot say')
  const before = [...headerFilters(route.headers, rewrite.authority, remarks), ...rewrite.filters, ...cors]
  const mirrors = writtenMirrors(action, { before: before.length, ...site }, remarks)
  const filters = [...before, ...mirrors.filters]
  const fields = {
    ...named,
    ...present<Json>({
      filters: filters.length === 0 ? undefined : filters,
      backendRefs,
      ...writtenPatience(action, site.settings, remarks),
    }),
  }
  return { fields, mirrors: mirrors.placed, comments: remarks.comments }
}

/** Undefined if none remains. A destination that cannot be named keeps no share. */
function writtenDestinations(
  destinations: readonly Destination[],
  site: BodySite,
  remarks: Remarks,
): readonly JsonObject[] | undefined {
  const scaled = scaledWeights(destinations, remarks)
  const written = destinations.flatMap(({ backend, headers, authority }, index): readonly JsonObject[] => {
    const reference = site.backends.reference(backend, site)
    if (typeof reference === 'string') {
      remarks.add(destinations.length > 1 ? ['backendRefs'] : [], `not carried, a destination: ${reference}`)
      return []
    }
    const filters = headerFilters(headers, authority, remarks)
    return [
      {
        ...reference,
        ...present<Json>({
          weight: destinations.length > 1 ? scaled[index] : undefined,
          filters: filters.length === 0 ? undefined : filters,
        }),
      },
    ]
  })
  return written.length === 0 ? undefined : written
}

const largestWeight = 1_000_000

function scaledWeights(destinations: readonly Destination[], remarks: Remarks): readonly number[] {
  const weights = destinations.map(({ weight }) => weight)
  const largest = Math.max(...weights)
  if (destinations.length < 2 || largest <= largestWeight) return weights
  remarks.add(
    ['backendRefs'],
    `not carried exactly, the weights ${weights.join(', ')}: the largest that the Gateway API takes is ` +
      `${largestWeight}`,
  )
  return weights.map((weight) => Math.max(1, Math.round((weight * largestWeight) / largest)))
}

interface MirrorSite extends BodySite {
  /** The number of filters before those of the mirrors. */
  readonly before: number
}

function writtenMirrors(
  { mirrors }: Forward,
  { before, ...site }: MirrorSite,
  remarks: Remarks,
): { readonly filters: readonly JsonObject[]; readonly placed: readonly PlacedMirror[] } {
  const filters: JsonObject[] = []
  const placed: PlacedMirror[] = []
  for (const mirror of mirrors) {
    const backendRef = site.backends.reference(mirror.backend, site)
    if (typeof backendRef === 'string') {
      remarks.add([], `not carried, a mirror: ${backendRef}`)
      continue
    }
    placed.push({ mirror, path: ['filters', before + filters.length] })
    filters.push({ type: 'RequestMirror', requestMirror: { backendRef, ...shareOf(mirror.fraction) } })
  }
  return { filters, placed }
}

/** A whole percentage, else the exact fraction in the smallest power of ten. */
function shareOf(share: Millionths): JsonObject {
  if (share === everyRequest) return {}
  if (share % 10_000 === 0) return { percent: share / 10_000 }
  const [numerator, denominator] = reduced(share, everyRequest)
  return { fraction: { numerator, denominator } }
}

function reduced(numerator: number, denominator: number): readonly [number, number] {
  return numerator % 10 === 0 ? reduced(numerator / 10, denominator / 10) : [numerator, denominator]
}

function writtenPatience(
  { timeout, noTimeout, retry }: Forward,
  { defaultRetry }: Settings,
  remarks: Remarks,
): Readonly<Record<string, Json | undefined>> {
  const policy = retry === 'default' ? defaultRetry : retry
  const request =
    timeout > 0 ? gatewayDurationOf(timeout, remarks) : noTimeout === undefined ? undefined : '0s'
  if (policy === 'never') return { timeouts: request === undefined ? undefined : { request } }
  const single =
    policy.perTryTimeout === undefined
      ? undefined
      : gatewayDurationOf(
          timeout > 0 ? Math.min(timeout, policy.perTryTimeout) : policy.perTryTimeout,
          remarks,
        )
  const timeouts = present<Json>({ request, backendRequest: single })
  return {
    timeouts: Object.keys(timeouts).length === 0 ? undefined : timeouts,
    retry: writtenRetry(policy, retry === 'default' ? 'of the mesh' : 'its own', remarks),
  }
}

/** The conditions, other than status codes, for which the Gateway API retries (GEP-1731). */
const retried = ['connect-failure', 'refused-stream', 'reset', 'retriable-status-codes']

function writtenRetry(
  { attempts, retryOn, statusCodes, backoff, otherLocalities, ignorePreviousHosts }: RetryPolicy,
  whose: 'of the mesh' | 'its own',
  remarks: Remarks,
): JsonObject {
  const codes = [...new Set(statusCodes)].filter((code) => code >= 400 && code <= 599)
  const conditions = retryOn.split(',').filter((each) => each !== '' && !retried.includes(each))
  if (whose === 'its own' && conditions.length > 0)
    remarks.add(['retry'], `not carried, retries on ${conditions.join(', ')}`)
  if (otherLocalities || ignorePreviousHosts !== undefined)
    remarks.add(['retry'], 'not carried: which hosts are tried again')
  return present<Json>({
    codes: codes.length === 0 ? undefined : codes,
    attempts,
    backoff: backoff === undefined ? undefined : gatewayDurationOf(backoff, remarks),
  })
}

const units = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const

/** Milliseconds as GEP-2257 has them: whole numbers of h, m, s and ms. */
function gatewayDurationOf(milliseconds: number, remarks: Remarks): string {
  const whole = Math.max(1, Math.round(milliseconds))
  if (whole !== milliseconds)
    remarks.add(
      ['timeouts'],
      `not carried exactly, ${milliseconds} ms: the Gateway API takes whole milliseconds`,
    )
  let rest = Math.min(whole, 99_999 * 3_600_000)
  return units
    .map(([unit, size]) => {
      const count = Math.floor(rest / size)
      rest -= count * size
      return count === 0 ? '' : `${count}${unit}`
    })
    .join('')
}
