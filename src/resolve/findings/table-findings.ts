import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import { didYouMean } from '../../diagnostics/did-you-mean.ts'
import { below, finding } from '../../diagnostics/finding.ts'
import type { GatewayListener } from '../../model/gateway.ts'
import { hasLabels } from '../../model/labels.ts'
import type { Labels } from '../../model/labels.ts'
import type { Route, RouteTable } from '../../model/route.ts'
import type { Settings } from '../../model/settings.ts'
import type { KnownHosts } from './findings.ts'
import { similarHost } from './missing.ts'
import { unreachableRoutes } from './unreachable.ts'

/** The inputs of the findings of one route table, other than the table. */
export interface TableSurroundings extends KnownHosts {
  readonly settings: Settings
  /** Servers of a Gateway, `<namespace>/<name>`. */
  listeners(gateway: string): readonly GatewayListener[]
}

/** Findings about a route table that hold for every proxy: rules and hosts that no request gets to. */
export function tableFindings(table: RouteTable, around: TableSurroundings): readonly Diagnostic[] {
  return [
    ...repeatedHosts(table),
    ...unknownHosts(table, around),
    ...unreachableRoutes(table),
    ...unusedPorts(table, around),
  ]
}

function repeatedHosts({ hosts }: RouteTable): readonly Diagnostic[] {
  return hosts.flatMap(({ host, origin }, index): readonly Diagnostic[] => {
    const first = hosts.findIndex((each) => each.host === host)
    return first === index
      ? []
      : [
          finding('virtual-host/repeated-host', origin, {
            message: `${host} is named twice`,
            hint: 'remove one of the two',
          }),
        ]
  })
}

/**
 * A host of the cluster's own domain that nothing defines: no client can resolve its name. Nothing is known
 * of other domains.
 */
function unknownHosts({ hosts, attachedTo }: RouteTable, around: TableSurroundings): readonly Diagnostic[] {
  if (!attachedTo.includes('mesh')) return []
  return hosts.flatMap(({ host, origin }): readonly Diagnostic[] => {
    if (
      host.startsWith('*') ||
      !host.endsWith(`.svc.${around.settings.domain}`) ||
      around.services(host).length > 0
    )
      return []
    const meant = similarHost(host, around.hosts())
    return [
      finding('virtual-host/unknown-host', origin, {
        message: `nothing defines ${host}: no client in the mesh calls it, so its rules have no effect there`,
        hint: meant === undefined ? undefined : `did you mean ${meant}?`,
      }),
    ]
  })
}

/** Matches on a port at which no listener serves a host of the table. Not checked if some host is unknown. */
function unusedPorts(table: RouteTable, around: TableSurroundings): readonly Diagnostic[] {
  if (!table.routes.some(({ applies }) => applies.port !== undefined)) return []
  return table.routes.flatMap((route): readonly Diagnostic[] => {
    const { port } = route.applies
    const served = portsOf(table, route, around)
    if (port === undefined || served === undefined || served.includes(port)) return []
    return [
      finding('route/unused-port', below(route.origin, 'port'), {
        message: `no listener serves these hosts on port ${port}, so the match takes no request`,
        hint: `there ${served.length === 1 ? 'is' : 'are'} ${served.join(', ')}`,
      }),
    ]
  })
}

/**
 * The ports that can be matched. Undefined if hosts are wildcards or unknown, or a gateway has no servers:
 * then any port may be right.
 */
function portsOf(
  table: RouteTable,
  { applies }: Route,
  around: TableSurroundings,
): readonly number[] | undefined {
  const ports = (applies.attachedTo ?? table.attachedTo).map((place) =>
    place === 'mesh'
      ? table.hosts.map(({ host }) =>
          around.services(host).flatMap((service) => service.ports.map(({ number }) => number)),
        )
      : [around.listeners(place).map((listener) => listener.port)],
  )
  if (ports.flat().some((each) => each.length === 0)) return undefined
  return [...new Set(ports.flat(2))].toSorted((a, b) => a - b)
}

/**
 * Reports a gateway selector that matches nothing. `known` are the labels of proxies, and of workloads that
 * Services select. A label name that none of them has is not reported, because then nothing is known about
 * gateways.
 */
export function selectorFindings(
  { selector, origin }: GatewayListener,
  known: readonly Labels[],
): readonly Diagnostic[] {
  if (known.some((labels) => hasLabels(labels, selector))) return []
  return Object.entries(selector).flatMap(([name, value]): readonly Diagnostic[] => {
    const values = [
      ...new Set(known.flatMap((labels) => (Object.hasOwn(labels, name) ? (labels[name] ?? []) : []))),
    ]
    if (values.length === 0 || values.includes(value)) return []
    const meant = didYouMean(value, values)
    return [
      finding(
        'gateway/selects-nothing',
        { object: origin.object, path: ['spec', 'selector', name] },
        {
          message: `nothing that is known has the label ${name}: ${value}, so no proxy gets these servers`,
          hint:
            meant === undefined
              ? `there ${values.length === 1 ? 'is' : 'are'} ${values.join(', ')}`
              : `did you mean ${meant}?`,
        },
      ),
    ]
  })
}
