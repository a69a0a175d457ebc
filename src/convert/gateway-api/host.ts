import { hostIsWithin } from '../../model/names.ts'
import type { Route } from '../../model/route.ts'
import type { ServedRoutes } from '../served-routes.ts'

/**
 * Gives units of their own to hosts that routes of a wider host match by `:authority`, because an HTTPRoute
 * has hostnames for that.
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

/** The routes that a request for the host may take, without the condition that it meets. */
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

/** The host in a route's only condition on the authority, with any port; `*` before it matches anything. */
function authorityOf({ match: { headers } }: Route): string | undefined {
  const [only, ...more] = headers.filter(({ name }) => name === ':authority')
  if (only === undefined || more.length > 0 || only.invert || only.match.kind !== 'regex') return undefined
  const { wild, text } =
    /^\(\?i\)(?<wild>\.\+)?(?<text>(?:[a-z0-9-]|\\\.)+)\(:\[0-9\]\+\)\?$/.exec(only.match.value)?.groups ?? {}
  return text === undefined ? undefined : `${wild === undefined ? '' : '*'}${text.replaceAll('\\', '')}`
}
