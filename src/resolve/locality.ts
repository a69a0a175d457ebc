import type { BackendSettings, Endpoint } from '../model/backend.ts'
import type { Comparison, LocalityBalancing } from '../model/locality.ts'
import { compareText } from '../model/names.ts'
import type { Settings } from '../model/settings.ts'
import type { Scope } from '../xds/scope.ts'

/** The weights and priorities that the proxies of a scope give to the localities of a cluster. */
export interface LocalityPlan {
  /** Priority of an endpoint; 0 is the first. `placed` closes gaps. */
  readonly priorityOf: (endpoint: Endpoint) => number
  /** Weight of each locality that receives requests. Undefined: the sum of its endpoints' weights. */
  readonly weights: Readonly<Record<string, number>> | undefined
  /** Whether Envoy must choose a locality before an endpoint (LocalityWeightedLbConfig). */
  readonly isWeighted: boolean
}

const indifferent: LocalityPlan = { priorityOf: () => 0, weights: undefined, isWeighted: false }

/**
 * Plans shares or priorities. Priorities need outlier detection, because without it Envoy never leaves a
 * priority.
 */
export function planLocalities(
  settings: BackendSettings,
  endpoints: readonly Endpoint[],
  { scope, mesh }: { readonly scope: Scope; readonly mesh: Settings },
): LocalityPlan {
  const balancing = settings.locality ?? mesh.locality ?? 'off'
  if (balancing === 'off') return indifferent
  const own = scope.locality ?? ''
  // The labels of other scopes are reduced to those that a selector names, so an empty set does not mean an
  // unknown proxy.
  const isUnknown =
    own === '' && (scope.anyGateway || (scope.role === 'grpc' && Object.keys(scope.labels).length === 0))
  if (isUnknown && balancing.comparisons.length > 0) return indifferent
  if (balancing.distribute.length > 0)
    return { ...indifferent, weights: distributed(balancing, endpoints, own), isWeighted: true }
  if (settings.outlierDetection === undefined) return indifferent
  const isWeighted = balancing.failover.length + balancing.comparisons.length > 0
  return { weights: undefined, isWeighted, priorityOf: priorities(balancing, scope, own) }
}

/**
 * The localities that the first fitting rule names, with its shares; one share for several localities is
 * divided by their weights.
 */
function distributed(
  { distribute }: LocalityBalancing,
  endpoints: readonly Endpoint[],
  own: string,
): LocalityPlan['weights'] {
  const rule = distribute.find(({ from }) => coversLocality(from, own))
  if (rule === undefined) return undefined
  const left = new Map(
    [...Map.groupBy(endpoints, ({ locality }) => locality)].map(([name, members]) => [
      name,
      members.reduce((sum, { weight }) => sum + weight, 0),
    ]),
  )
  const weights = new Map<string, number>()
  for (const [pattern, share] of Object.entries(rule.shares).toSorted(
    ([a], [b]) => b.length - a.length || compareText(a, b),
  )) {
    const covered = [...left].filter(([name]) => coversLocality(pattern, name))
    const total = covered.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [name, weight] of covered) {
      weights.set(name, Math.ceil((weight * share) / total))
      left.delete(name)
    }
  }
  return Object.fromEntries([...weights].toSorted(([a], [b]) => compareText(a, b)))
}

/** Whether a rule covers a locality: a part that the rule omits, or writes as `*`, matches anything. */
function coversLocality(rule: string, locality: string): boolean {
  const [region = '', zone = '', subZone = ''] = locality.split('/')
  const [ruleRegion = '', ruleZone = '*', ruleSubZone = '*'] = rule.split('/')
  return [
    [ruleRegion, region],
    [ruleZone, zone],
    [ruleSubZone, subZone],
  ].every(([wanted, found]) => wanted === '*' || wanted === found)
}

function priorities(
  { comparisons, failover }: LocalityBalancing,
  { labels }: Scope,
  own: string,
): LocalityPlan['priorityOf'] {
  const byLabels = labelPriority(comparisons, { labels, locality: own })
  const byDistance = (endpoint: Endpoint): number => distance(own, endpoint.locality, failover)
  if (comparisons.length === 0) return byDistance
  return failover.length === 0
    ? byLabels
    : (endpoint) => byLabels(endpoint) * distances + byDistance(endpoint)
}

const distances = 5

/**
 * 0 for the same subzone, 1 the same zone, 2 the same region; of other regions 3 for the one to fail over to,
 * or for all if none is named, else 4.
 */
function distance(own: string, other: string, failover: LocalityBalancing['failover']): number {
  const [region = '', zone = '', subZone = ''] = own.split('/')
  const [otherRegion = '', otherZone = '', otherSubZone = ''] = other.split('/')
  if (region !== otherRegion) {
    const rule = failover.find(({ from }) => from === region)
    return rule === undefined || rule.to === otherRegion ? 3 : 4
  }
  return zone !== otherZone ? 2 : subZone !== otherSubZone ? 1 : 0
}

/**
 * Counts the labels after the first difference between the endpoint and the proxy. Another network comes
 * after everything else.
 */
function labelPriority(
  comparisons: readonly Comparison[],
  proxy: Pick<Endpoint, 'labels' | 'locality'>,
): LocalityPlan['priorityOf'] {
  const wanted = comparisons.map((each) => each.value ?? valueOf(each, proxy))
  return (endpoint) => {
    const differs = comparisons.map((each, index) => valueOf(each, endpoint) !== wanted[index])
    const otherNetwork = comparisons[0]?.isNetwork === true && differs[0] === true
    const first = differs.findIndex((each, index) => each && !(index === 0 && otherNetwork))
    return (first === -1 ? 0 : wanted.length - first) + (otherNetwork ? wanted.length : 0)
  }
}

function valueOf(
  { label, part }: Comparison,
  { labels, locality }: Pick<Endpoint, 'labels' | 'locality'>,
): string {
  return (
    (Object.hasOwn(labels, label) ? labels[label] : undefined) ??
    (part === undefined ? '' : (locality.split('/')[part] ?? ''))
  )
}

/**
 * Endpoints that a plan gives nothing are left out; priorities go from 0 up without gaps, as Envoy refuses an
 * assignment that skips one.
 */
export function placed<E extends { readonly priority: number; readonly locality: string }>(
  endpoints: readonly E[],
  { weights }: Pick<LocalityPlan, 'weights'>,
): readonly E[] {
  const kept =
    weights === undefined ? endpoints : endpoints.filter(({ locality }) => Object.hasOwn(weights, locality))
  const sorted = [...new Set(kept.map(({ priority }) => priority))].toSorted((a, b) => a - b)
  return kept.map((each) => ({ ...each, priority: sorted.indexOf(each.priority) }))
}
