import { compareSpecificity, compareText, hostIsWithin } from '../model/names.ts'
import { isVisible } from '../model/visibility.ts'
import type { RouteTableHead } from './plan.ts'

/**
 * The tables that a proxy in the namespace may use, in the order in which they are asked: those of its own namespace,
 * those shown to it by name, those shown to everyone; within each by the tables' own order.
 */
export function tablesInOrder<T extends Pick<RouteTableHead, 'namespace' | 'visibility' | 'order'>>(tables: readonly T[], namespace: string): readonly T[] {
  return tables
    .filter((table) => isVisible(table.visibility, namespace))
    .toSorted((a, b) => nearness(a, namespace) - nearness(b, namespace) || compareText(a.order, b.order))
}

function nearness(table: Pick<RouteTableHead, 'namespace' | 'visibility'>, namespace: string): number {
  if (table.namespace === namespace) return 0
  return table.visibility === 'everywhere' ? 2 : 1
}

/** Those for one host: an exact host beats every wildcard, a longer wildcard a shorter one; of equal ones the first table counts. */
export function tablesFor(host: string, tables: readonly RouteTableHead[]): readonly string[] {
  const patterns = tables.flatMap((table) => table.hosts.filter((pattern) => hostIsWithin(host, pattern)))
  const [closest] = patterns.toSorted(compareSpecificity)
  if (closest === undefined) return []
  return tables.filter((table) => table.hosts.includes(closest)).map((table) => table.key)
}
