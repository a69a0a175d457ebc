import type { BackendPolicy } from '../model/backend.ts'
import { hasLabels, labelKeys } from '../model/labels.ts'
import type { Labels, LabelKey } from '../model/labels.ts'
import type { LocalityBalancing } from '../model/locality.ts'
import type { RouteTable } from '../model/route.ts'
import { placeOf } from './plan/gateway-port.ts'
import type { Ports } from './plan/gateway-port.ts'
import { settingsOf } from './policy.ts'
import type { Scope } from '../xds/scope.ts'

/** The labels by which a route table selects sidecars. */
export function labelsChosenBy({ routes }: RouteTable): readonly LabelKey[] {
  return routes.flatMap(({ applies }) => labelKeys(applies.proxyLabels ?? {}))
}

/** Represents the locality of a proxy among the labels. */
const ofLocality: LabelKey = 'locality'

/** The inputs of a policy's load balancing: the proxy's locality, and the labels that it compares. */
export function labelsCompared(policy: Pick<BackendPolicy, 'settings' | 'subsets'>): readonly LabelKey[] {
  const each = settingsOf(policy)
  const compared = each.flatMap(({ locality }) =>
    locality === undefined || locality === 'off' ? [] : labelsBalancedBy(locality),
  )
  return each.some(({ outlierDetection }) => outlierDetection !== undefined)
    ? [...compared, ofLocality]
    : compared
}

/** The inputs of balancing by locality; none if it is undefined. */
export function labelsBalancedBy(balancing: LocalityBalancing | undefined): readonly LabelKey[] {
  if (balancing === undefined) return []
  const { distribute, failover, comparisons } = balancing
  const names = comparisons.flatMap(({ label, value }) =>
    value === undefined ? [JSON.stringify([label])] : [],
  )
  return distribute.length + failover.length + comparisons.length === 0 ? [] : [...names, ofLocality]
}

/**
 * The labels of a Service's selector. They distinguish sidecars with interception, which serve their own
 * services.
 */
export function labelsServed(selector: Labels): readonly LabelKey[] {
  return labelKeys(selector).map(served)
}

function served(key: LabelKey): LabelKey {
  return `served ${key}`
}

/**
 * Labels that select gateways, if a gateway has all of them: of a Gateway, or of a Service in front of
 * proxies of its namespace.
 */
export interface GatewaySelector {
  readonly labels: Labels
  /** Undefined for every namespace. */
  readonly onlyIn: string | undefined
}

/** All the ways in which the configuration selects proxies. */
export interface Choice {
  isChosenBy(label: LabelKey): boolean
  /** The selectors that have this label, and perhaps others. */
  gatewaySelectors(label: LabelKey): readonly GatewaySelector[]
}

/** The values of `chosenLabels`: a single label needs no more than its key. */
export type Choosing = 'label' | GatewaySelector

export function choiceOf(
  entries: Iterable<readonly [LabelKey, Choosing]>,
  others: readonly LabelKey[],
): Choice {
  const labels = new Set(others)
  const selectors = new Map<LabelKey, GatewaySelector[]>()
  for (const [key, choosing] of entries) {
    if (choosing === 'label') labels.add(key)
    else for (const label of labelKeys(choosing.labels)) append(selectors, label, choosing)
  }
  return { isChosenBy: (label) => labels.has(label), gatewaySelectors: (label) => selectors.get(label) ?? [] }
}

function append<V>(lists: Map<LabelKey, V[]>, key: LabelKey, value: V): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [value])
  else list.push(value)
}

/**
 * The scope whose resources a proxy gets. Labels by which nothing chooses it are left out, so that a proxy
 * cannot make a scope of its own by its word. A sidecar keeps the labels that some selector names, with
 * interception also those of its own services; a gateway keeps those of whole selectors: of the Gateways that
 * it serves, and of the Services that lead to it. Instead of its address it has the ports on which Services
 * lead there (`portsByAddress`, by `placeOf`), so that its replicas share.
 */
export function sharedScope(
  scope: Scope,
  choice: Choice,
  targetPortsAt: (place: string) => Ports | undefined,
): Scope {
  const { locality, address, ...elsewhere } = scope
  const targetPorts = address === undefined ? undefined : targetPortsAt(placeOf(scope.namespace, address))
  const selected = scope.role === 'gateway' ? labelsOfSelectors(scope, choice) : new Set<string>()
  const isKept = ([name, value]: readonly [string, string]): boolean =>
    selected.has(name) ||
    choice.isChosenBy(JSON.stringify([name])) ||
    labelKeys({ [name]: value }).some(
      (key) =>
        choice.isChosenBy(key) || (scope.interception === 'redirect' && choice.isChosenBy(served(key))),
    )
  const labels = Object.fromEntries(Object.entries(scope.labels).filter(isKept))
  const hasLocality = locality !== undefined && choice.isChosenBy(ofLocality)
  return {
    ...elsewhere,
    labels,
    ...(targetPorts === undefined ? {} : { targetPorts }),
    ...(hasLocality ? { locality } : {}),
  }
}

/** Names of the labels of all selectors that choose this gateway. */
function labelsOfSelectors({ namespace, labels }: Scope, { gatewaySelectors }: Choice): ReadonlySet<string> {
  const selectors = new Set(labelKeys(labels).flatMap((key) => gatewaySelectors(key)))
  const chosenBy = [...selectors].filter(
    (each) => (each.onlyIn === undefined || each.onlyIn === namespace) && hasLabels(labels, each.labels),
  )
  return new Set(chosenBy.flatMap((each) => Object.keys(each.labels)))
}
