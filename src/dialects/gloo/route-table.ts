import { z } from 'zod'
import type { FieldPath } from '../../diagnostics/diagnostic.ts'
import { finding } from '../../diagnostics/finding.ts'
import { decode } from '../../manifest/decode.ts'
import type { Decoded } from '../../manifest/decode.ts'
import { message, parts } from '../../manifest/message.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import { mirrorOptions } from '../reading/annotation.ts'
import { specOf } from '../reading/attached-policy.ts'
import { translated } from '../dialect.ts'
import type { ObjectLookup, Translated } from '../dialect.ts'
import { withMeantSpec } from '../reading/meant-fields.ts'
import { rejectedConsequence, rejectedStatus } from '../reading/rejected-rule.ts'
import { reportOn } from '../reading/report.ts'
import type { Report } from '../reading/report.ts'
import { inert } from './inert.ts'
import { rejectedConsequences, withRejectedRoutes } from './rejected-routes.ts'
import { removableRouteParts, route } from './route.ts'
import type { DeclaredRoute } from './route.ts'
import { routesOf } from './routes.ts'
import type { RoutesContext } from './routes.ts'

const spec = message({
  routes: parts(route).optional(),
  weight: z.number().int().optional(),
  namespacedStatuses: inert,
})

/**
 * Findings about a gateway.solo.io RouteTable by itself. Its routes belong to the VirtualServices that
 * delegate to it.
 */
export function translateRouteTable(manifest: Manifest, lookup: ObjectLookup): Translated {
  const report = reportOn(manifest)
  const { value, diagnostics, rejected } = decoded(manifest)
  const { delegates } = routesOf(value?.routes ?? [], {
    ...routesContext(report, lookup, ['spec', 'routes']),
    parent: undefined,
  })
  const unused = finding(
    'delegate/unused',
    { object: manifest.id, path: ['metadata', 'name'] },
    {
      message: 'its routes apply only if a VirtualService delegates to it, and none does',
      hint: 'name it in the delegateAction of a route',
    },
  )
  return translated({
    diagnostics: [...diagnostics, ...report.diagnostics],
    delegates,
    unlessDelegated: [unused],
    rejected: rejected || report.rejected,
  })
}

function decoded(manifest: Manifest): Decoded<z.infer<typeof spec>> {
  const at = { manifest, list: ['routes'] }
  const ofRoute = rejectedConsequences(at)
  const consequence = (left: FieldPath): string | undefined =>
    left.length > 0 ? ofRoute(left) : rejectedConsequence([])
  const found = decode({
    manifest,
    path: ['spec'],
    schema: spec,
    parts: removableRouteParts('routes'),
    consequence,
  })
  const { value } = found
  if (value === undefined) return { ...found, value: { routes: [...rejectedWhole(manifest)] } }
  return value.routes === undefined
    ? found
    : { ...found, value: { ...value, routes: [...withRejectedRoutes(value.routes, at)] } }
}

/**
 * The routes of a RouteTable with a mistake outside of them: their requests, or all that are delegated to it,
 * are answered with an error.
 */
function rejectedWhole(manifest: Manifest): readonly (DeclaredRoute | undefined)[] {
  const meant = withMeantSpec(manifest, { known: Object.keys(spec.out.shape), lists: ['routes'] })
  const routes = meant === undefined ? undefined : specOf(meant)['routes']
  if (meant === undefined || !Array.isArray(routes))
    return [{ directResponseAction: { status: rejectedStatus } }]
  return withRejectedRoutes(
    routes.map(() => undefined),
    { manifest: meant, list: ['routes'] },
  )
}

/**
 * The context for reading the list of routes at a path of an object: each object's runtime keys are numbered
 * separately.
 */
export function routesContext(
  report: Report,
  lookup: ObjectLookup,
  path: RoutesContext['path'],
): Omit<RoutesContext, 'parent'> {
  return {
    report,
    lookup,
    path,
    options: mirrorOptions(report, lookup.settings),
    repetition: counter(),
    readTable(id) {
      const manifest = lookup.manifest(id)
      return manifest === undefined
        ? undefined
        : {
            routes: decoded(manifest).value?.routes ?? [],
            context: routesContext(reportOn(manifest), lookup, ['spec', 'routes']),
          }
    },
  }
}

function counter(): (key: string) => number {
  const counts = new Map<string, number>()
  return (key) => {
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    return count
  }
}
