import type { Diagnostic, Origin } from '../../diagnostics/diagnostic.ts'
import { finding, nameOf } from '../../diagnostics/finding.ts'
import type { RouteTable } from '../../model/route.ts'

/** Some route of host `from` mirrors to host `to`. */
export interface MirrorEdge {
  readonly from: string
  readonly to: string
  readonly origin: Origin
}

/**
 * The edges of a table: from each of its hosts to each host that it mirrors to. Wildcard hosts are left out:
 * nothing is mirrored to one.
 */
export function mirrorEdges({ hosts, routes }: RouteTable): readonly MirrorEdge[] {
  const mirrors = routes.flatMap(({ action }) => (action.kind === 'forward' ? action.mirrors : []))
  return hosts
    .filter(({ host }) => !host.startsWith('*'))
    .flatMap(({ host: from }) =>
      mirrors
        .filter(({ backend }) => backend.host !== from)
        .map(({ backend, origin }) => ({ from, to: backend.host, origin })),
    )
}

/** Longer loops are not looked for: each host more on the way is one more look for every mirror. */
const longestLoop = 4
/** Bounds the search if hosts have many mirrors. */
const mostEdges = 200

/**
 * Reports the loop that an edge closes. If the requests of every host in it pass a proxy, copies of copies
 * never end.
 */
export function mirrorLoop(
  edge: MirrorEdge,
  edgesFrom: (host: string) => readonly MirrorEdge[],
): readonly Diagnostic[] {
  const way = shortestWay(edge, edgesFrom)
  const back = way?.at(-1)
  if (way === undefined || back === undefined) return []
  return [
    finding('mirror/loop', edge.origin, {
      message:
        `the copies go round: ${[edge.from, edge.to, ...way.map(({ to }) => to)].join(' → ')}, as ` +
        `${nameOf(back.origin)} mirrors back`,
    }),
  ]
}

function shortestWay(
  edge: MirrorEdge,
  edgesFrom: (host: string) => readonly MirrorEdge[],
): readonly MirrorEdge[] | undefined {
  const seen = new Set([edge.to])
  let ways: readonly (readonly MirrorEdge[])[] = [[]]
  for (let length = 2, looked = 0; length <= longestLoop && looked < mostEdges; length += 1) {
    const longer = ways.flatMap((way) => edgesFrom(way.at(-1)?.to ?? edge.to).map((next) => [...way, next]))
    looked += longer.length
    const found = longer.find((way) => way.at(-1)?.to === edge.from)
    if (found !== undefined) return found
    ways = longer.filter((way) => {
      const host = way.at(-1)?.to ?? ''
      return seen.has(host) ? false : seen.add(host)
    })
  }
  return undefined
}
