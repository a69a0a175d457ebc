import { compareText } from '../../model/names.ts'
import { isVisible } from '../../model/visibility.ts'
import type { RouteTableHead } from './plan.ts'

/**
 * The tables that a proxy in the namespace may use, in order of precedence: those of its own namespace, those
 * visible to it by name, those visible to everyone. Within each group the tables' own order applies.
 */
export function tablesInOrder<T extends Pick<RouteTableHead, 'namespace' | 'visibility' | 'order'>>(
  tables: readonly T[],
  namespace: string,
): readonly T[] {
  return tables
    .filter((table) => isVisible(table.visibility, namespace))
    .toSorted((a, b) => nearness(a, namespace) - nearness(b, namespace) || compareText(a.order, b.order))
}

function nearness(table: Pick<RouteTableHead, 'namespace' | 'visibility'>, namespace: string): number {
  if (table.namespace === namespace) return 0
  return table.visibility === 'everywhere' ? 2 : 1
}

/**
 * The tables of one host: an exact host wins over every wildcard, a longer wildcard over a shorter one.
 * Tables with the same host keep their order.
 */
export function tablesFor(host: string, tables: readonly RouteTableHead[]): readonly string[] {
  const { byHost, wildcards } = hostIndex(tables)
  const exact = host.startsWith('*') ? undefined : byHost.get(host)
  if (exact !== undefined || wildcards === 0) return exact ?? []
  const tail = host.startsWith('*') ? host.slice(1) : host
  for (let cut = 0; cut <= tail.length; cut += 1) {
    const found = byHost.get(`*${tail.slice(cut)}`)
    if (found !== undefined) return found
  }
  return []
}

/** The tables that name exactly this host or wildcard. */
export function tablesNaming(host: string, tables: readonly RouteTableHead[]): readonly string[] {
  return hostIndex(tables).byHost.get(host) ?? []
}

interface HostIndex {
  /** Keys of tables in their order, by each host that they name. */
  readonly byHost: ReadonlyMap<string, readonly string[]>
  readonly wildcards: number
}

/** Cached, because one list of tables is searched for every known host. */
const indices = new WeakMap<readonly RouteTableHead[], HostIndex>()

function hostIndex(tables: readonly RouteTableHead[]): HostIndex {
  const known = indices.get(tables)
  if (known !== undefined) return known
  const byHost = new Map<string, string[]>()
  for (const { key, hosts } of tables) {
    for (const host of new Set(hosts)) {
      const keys = byHost.get(host)
      if (keys === undefined) byHost.set(host, [key])
      else keys.push(key)
    }
  }
  const index = { byHost, wildcards: [...byHost.keys()].filter((host) => host.startsWith('*')).length }
  indices.set(tables, index)
  return index
}
