import { defaultSettings } from '../config.ts'
import { objectKey } from '../diagnostics/diagnostic.ts'
import type { Origin } from '../diagnostics/diagnostic.ts'
import { translateManifest } from '../dialects/index.ts'
import { hasLabels } from '../model/labels.ts'
import type { Route as TableRoute } from '../model/route.ts'
import type { Pipeline } from '../pipeline.ts'
import type { Route, VirtualHost } from '../simulate/configuration.ts'
import { routeMatch } from '../translate/match.ts'
import { decode, encode } from '../xds/proto.ts'
import type { Resource } from '../xds/resource.ts'
import type { Scope } from '../xds/scope.ts'

/** Where the routes of a virtual host stand in the user's files, by position. */
export type RouteOrigins = ReadonlyMap<number, Origin>

/**
 * Envoy's routes do not say which line they come from, so the objects that the virtual host was made from are read once
 * more, and each route is found by its name, its match and its place among those that look the same.
 */
export function routeOrigins(pipeline: Pipeline, host: { readonly resource: Resource; readonly virtualHost: VirtualHost }, scope: Scope): RouteOrigins {
  const port = Number(/:(\d+)$/.exec(host.resource.name)?.[1])
  const waiting = host.resource.origins.flatMap(({ object }) => routesOf(pipeline, objectKey(object)))
    .filter((route) => applies(route, port, scope))
    .map((route) => ({ route, key: keyOf({ name: route.name, match: decoded(routeMatch(route.match)) }) }))
  const found = new Map<number, Origin>()
  for (const [index, route] of (host.virtualHost.routes ?? []).entries()) {
    const position = waiting.findIndex(({ key }) => key === keyOf(route))
    const [same] = position < 0 ? [] : waiting.splice(position, 1)
    if (same !== undefined) found.set(index, same.route.origin)
  }
  return found
}

function routesOf(pipeline: Pipeline, key: string): readonly TableRoute[] {
  const manifest = pipeline.read.get(pipeline.manifests, key)
  if (manifest === undefined) return []
  return translateManifest(manifest, {
    settings: defaultSettings,
    manifest: (id) => pipeline.read.get(pipeline.manifests, objectKey(id)),
    manifestsOf: ({ group, kind }, namespace) => pipeline.read.entries(pipeline.manifests).map(([, each]) => each)
      .filter(({ id }) => id.group === group && id.kind === kind && id.namespace === namespace)
      .toSorted((a, b) => a.id.name < b.id.name ? -1 : 1),
  }).routeTables.flatMap(({ routes }) => routes)
}

function applies({ applies: condition }: TableRoute, port: number, scope: Scope): boolean {
  return (condition.port === undefined || condition.port === port)
    && (condition.proxyNamespace === undefined || condition.proxyNamespace === scope.namespace)
    && hasLabels(scope.labels, condition.proxyLabels ?? {})
}

function keyOf({ name = '', match }: Pick<Route, 'name' | 'match'>): string {
  return JSON.stringify([name, match])
}

/** With the defaults gone, as in what was decoded from bytes. */
function decoded(match: NonNullable<Route['match']>): Route['match'] {
  return decode('envoy.config.route.v3.RouteMatch', encode('envoy.config.route.v3.RouteMatch', match))
}
