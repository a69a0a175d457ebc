import type { ClientState } from '../server/status/client-state.ts'
import type { Resource } from '../xds/resource.ts'
import { resourceTypes } from '../xds/resource-types.ts'
import type { TypeName } from '../xds/resource-types.ts'
import { field } from '../xds/wire.ts'

/**
 * The known resources of a proxy, of its streams together: virtual hosts that are resources of their own
 * appear inside their route configuration, as in Envoy's own dump. Resources from an earlier connection are
 * known only if they are still served.
 */
export function heldResources(streams: readonly ClientState[]): readonly Resource[] {
  const held = new Map(
    resourceTypes.map(({ name }) => [name, streams.flatMap((client) => heldOf(client, name))]),
  )
  const owned = resourceTypes.filter((type) => 'ownedBy' in type).flatMap(({ name }) => held.get(name) ?? [])
  const byOwner = Map.groupBy(owned, ({ owner }) => owner)
  return resourceTypes
    .filter((type) => !('ownedBy' in type))
    .flatMap(({ name }) => held.get(name) ?? [])
    .map((resource) =>
      resource.type === 'route' ? withVirtualHosts(resource, byOwner.get(resource.name) ?? []) : resource,
    )
}

function heldOf({ types, snapshot }: ClientState, type: TypeName): readonly Resource[] {
  return [...(types.get(type)?.held ?? [])].flatMap(([name, holding]) => {
    if ('bytes' in holding) return [holding]
    const served = snapshot.resources.get(type)?.get(name)
    return served !== undefined && served.version === holding.version ? [served] : []
  })
}

/**
 * RouteConfiguration: virtual_hosts 2; VirtualHost: name 1. A later field of the same number is added to the
 * list, or replaces the value.
 */
function withVirtualHosts(routeConfiguration: Resource, virtualHosts: readonly Resource[]): Resource {
  const hosts = virtualHosts
    .map((host) => ({ name: host.name.slice(routeConfiguration.name.length + 1), bytes: host.bytes }))
    .toSorted(inOrder)
  return {
    ...routeConfiguration,
    bytes: Buffer.concat([
      routeConfiguration.bytes,
      ...hosts.map(({ name, bytes }) => field(2, Buffer.concat([bytes, field(1, name)]))),
    ]),
  }
}

/**
 * In the order of inline virtual hosts: by name, and those that are not named after a host (`host:port`)
 * last.
 */
function inOrder(a: { readonly name: string }, b: { readonly name: string }): number {
  return Number(!a.name.includes(':')) - Number(!b.name.includes(':')) || (a.name < b.name ? -1 : 1)
}
