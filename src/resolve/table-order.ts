import { compareText } from '../model/names.ts'
import { isVisible } from '../model/visibility.ts'
import type { RouteTableHead } from './plan.ts'

/**
 * The tables that a proxy in the namespace may use, in the order in which they are asked: those of its own namespace,
 * those shown to it by name, those shown to everyone; within each by the tables' own order.
 */
export function tablesInOrder(tables: readonly RouteTableHead[], namespace: string): readonly RouteTableHead[] {
  return tables
    .filter((table) => isVisible(table.visibility, namespace))
    .toSorted((a, b) => nearness(a, namespace) - nearness(b, namespace) || compareText(a.order, b.order))
}

function nearness(table: RouteTableHead, namespace: string): number {
  if (table.namespace === namespace) return 0
  return table.visibility === 'everywhere' ? 2 : 1
}
