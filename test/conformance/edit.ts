import type { Json, JsonObject } from '../../src/manifest/manifest.ts'
import { isObject, objects } from './output.ts'
import type { Named, Output } from './output.ts'

/** An output with each cluster edited; undefined takes it out. */
export function mapClusters(
  output: Output,
  edit: (cluster: JsonObject, name: string) => JsonObject | undefined,
): Output {
  return { ...output, clusters: mapNamed(output.clusters, edit) }
}

/** An output with each virtual host edited; undefined takes it out. */
export function mapVirtualHosts(
  output: Output,
  edit: (host: JsonObject, routeConfiguration: string) => JsonObject | undefined,
): Output {
  return {
    ...output,
    routes: mapNamed(output.routes, (each, name) => {
      const hosts = mapNamed(named(each['virtual_hosts']), (host) => edit(host, name))
      return { ...each, virtual_hosts: hosts }
    }),
  }
}

export function mapRoutes(output: Output, edit: (route: JsonObject) => JsonObject): Output {
  return mapVirtualHosts(output, (host) =>
    host['routes'] === undefined ? host : { ...host, routes: objects(host['routes']).map(edit) },
  )
}

/** An output with the action of each forwarding route edited. */
export function mapActions(output: Output, edit: (action: JsonObject) => JsonObject): Output {
  return mapRoutes(output, (route) =>
    isObject(route['route']) ? { ...route, route: edit(route['route']) } : route,
  )
}

/** An output with the mirror policies of each route edited; a route without any has no list of them. */
export function mapPolicies(
  output: Output,
  edit: (policies: readonly JsonObject[]) => readonly JsonObject[],
): Output {
  return mapActions(output, (action) => {
    const policies = edit(objects(action['request_mirror_policies']))
    return policies.length === 0
      ? without(action, 'request_mirror_policies')
      : { ...action, request_mirror_policies: policies }
  })
}

export function mapNamed(
  values: Named,
  edit: (value: JsonObject, name: string) => JsonObject | undefined,
): Named {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => {
      const edited = edit(value, name)
      return edited === undefined ? [] : [[name, edited]]
    }),
  )
}

export function without(object: JsonObject, ...names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)))
}

/** A value at a path of objects; undefined if something on the way does not exist. */
export function at(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>(
    (current, name) => (isObject(current) ? current[name] : undefined),
    value,
  )
}

export function named(value: Json | undefined): Named {
  return isObject(value)
    ? Object.fromEntries(
        Object.entries(value).flatMap(([name, each]) => (isObject(each) ? [[name, each]] : [])),
      )
    : {}
}

/** The actions of all forwarding routes. */
export function actionsOf(output: Output): readonly JsonObject[] {
  return Object.values(output.routes)
    .flatMap((each) => Object.values(named(each['virtual_hosts'])))
    .flatMap((host) => objects(host['routes']))
    .flatMap(({ route }) => (isObject(route) ? [route] : []))
}
