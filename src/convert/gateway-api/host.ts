import { hostIsWithin } from '../../model/names.ts'
import type { Route } from '../../model/route.ts'
import type { ServedRoutes } from '../served-routes.ts'

/**
 * With units of their own for hosts that routes of a wider one match by `:authority`: an HTTPRoute has
 * hostnames for that.
 */
export function hostsApart(units: readonly ServedRoutes[]): readonly ServedRoutes[] {
  return units.flatMap((unit): readonly ServedRoutes[] => {
    if (unit.socket === undefined) return [unit]
    const known = units.filter(({ socket }) => socket?.key === unit.socket?.key).map(({ host }) => host)
    const asked = [...new Set(unit.routes.flatMap((route) => authorityOf(route) ?? []))].filter(
      (host) => host !== unit.host && hostIsWithin(host, unit.host),
    )
    const own = asked.filter((host) => !known.includes(host))
    return [
      ...own.map((host) => ({ ...unit, host, routes: routesFor(host, unit.routes) })),
      { ...unit, routes: unit.routes.filter((route) => !asked.includes(authorityOf(route) ?? '')) },
    ]
  })
}

/** Those that a request for the host may take, without the condition that it fulfils. */
function routesFor(host: string, routes: readonly Route[]): readonly Route[] {
  return routes.flatMap((route): readonly Route[] => {
    const asked = authorityOf(route)
    if (asked === undefined) return [route]
    if (!hostIsWithin(host, asked)) return []
    return [
      {
        ...route,
        match: { ...route.match, headers: route.match.headers.filter(({ name }) => name !== ':authority') },
      },
    ]
  })
}

/**
 * The host that a route asks for, with whatever port, by the only condition on it; `*` before it stands for
 * anything.
 */
function authorityOf({ match: { headers } }: Route): string | undefined {
  const [only, ...more] = headers.filter(({ name }) => name === ':authority')
  if (only === undefined || more.length > 0 || only.invert || only.match.kind !== 'regex') return undefined
  const { wild, text } =
    /^\(\?i\)(?<wild>\.\+)?(?<text>(?:[a-z0-9-]|\\\.)+)\(:\[0-9\]\+\)\?$/.exec(only.match.value)?.groups ?? {}
  return text === undefined ? undefined : `${wild === undefined ? '' : '*'}${text.replaceAll('\\', '')}`
}
