import type { BackendPolicy } from '../model/backend.ts'
import type { Labels } from '../model/labels.ts'
import type { LocalityBalancing } from '../model/locality.ts'
import type { RouteTable } from '../model/route.ts'
import type { Scope } from '../xds/scope.ts'
import { settingsOf } from './policy.ts'

/** A label that some selector names, as the key of a collection. */
export type LabelKey = string

/** The labels by which a route table chooses among sidecars. */
export function labelsChosenBy({ routes }: RouteTable): readonly LabelKey[] {
  return routes.flatMap(({ applies }) => labelKeys(applies.proxyLabels ?? {}))
}

export function labelKeys(labels: Labels): readonly LabelKey[] {
  return Object.entries(labels).map(([name, value]) => JSON.stringify([name, value]))
}

/** Stands among the labels for the locality of a proxy. */
const ofLocality: LabelKey = 'locality'

/** What a policy's balancing depends on: where a proxy is, and the labels that it compares, whatever their values. */
export function labelsCompared(policy: Pick<BackendPolicy, 'settings' | 'subsets'>): readonly LabelKey[] {
  const each = settingsOf(policy)
  const compared = each.flatMap(({ locality }) => locality === undefined || locality === 'off' ? [] : labelsBalancedBy(locality))
  return each.some(({ outlierDetection }) => outlierDetection !== undefined) ? [...compared, ofLocality] : compared
}

/** What balancing by locality depends on; undefined is none. */
export function labelsBalancedBy(balancing: LocalityBalancing | undefined): readonly LabelKey[] {
  if (balancing === undefined) return []
  const { distribute, failover, comparisons } = balancing
  const names = comparisons.flatMap(({ label, value }) => value === undefined ? [JSON.stringify([label])] : [])
  return distribute.length + failover.length + comparisons.length === 0 ? [] : [...names, ofLocality]
}

/** The labels by which a service chooses the workloads that it stands for: they tell sidecars with interception apart, which serve those. */
export function labelsServed(selector: Labels): readonly LabelKey[] {
  return labelKeys(selector).map(served)
}

function served(key: LabelKey): LabelKey {
  return `served ${key}`
}

/**
 * The scope whose resources a proxy gets: a sidecar's labels that no selector names are left out, so that all workloads of a
 * namespace share one. With interception those of its own services stay. A gateway keeps its own, which say also which Service leads to it.
 */
export function sharedScope(scope: Scope, isChosenBy: (label: LabelKey) => boolean): Scope {
  if (scope.role === 'gateway') return scope
  const { locality, ...elsewhere } = scope
  const labels = Object.entries(scope.labels).filter(([name, value]) => isChosenBy(JSON.stringify([name])) || labelKeys({ [name]: value }).some((key) =>
    isChosenBy(key) || (scope.interception === 'redirect' && isChosenBy(served(key)))))
  const isWhole = labels.length === Object.keys(scope.labels).length && (locality === undefined || isChosenBy(ofLocality))
  return isWhole ? scope : { ...elsewhere, ...(locality === undefined || !isChosenBy(ofLocality) ? {} : { locality }), labels: Object.fromEntries(labels) }
}
