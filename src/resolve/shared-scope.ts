import type { Labels } from '../model/labels.ts'
import type { RouteTable } from '../model/route.ts'
import type { Scope } from '../xds/scope.ts'

/** A label that some selector names, as the key of a collection. */
export type LabelKey = string

/** The labels by which a route table chooses among sidecars. */
export function labelsChosenBy({ routes }: RouteTable): readonly LabelKey[] {
  return routes.flatMap(({ applies }) => labelKeys(applies.proxyLabels ?? {}))
}

export function labelKeys(labels: Labels): readonly LabelKey[] {
  return Object.entries(labels).map(([name, value]) => JSON.stringify([name, value]))
}

/**
 * The scope whose resources a proxy gets: a sidecar's labels that no selector names are left out, so that all workloads of a
 * namespace share one. A gateway keeps its own, which say also which Service leads to it.
 */
export function sharedScope(scope: Scope, isChosenBy: (label: LabelKey) => boolean): Scope {
  if (scope.role === 'gateway') return scope
  const labels = Object.entries(scope.labels).filter(([name, value]) => isChosenBy(JSON.stringify([name, value])))
  return labels.length === Object.keys(scope.labels).length ? scope : { ...scope, labels: Object.fromEntries(labels) }
}
