import type { Entry } from '../collection/entries.ts'
import type { TypeName } from '../xds/resource-types.ts'
import type { Resource } from '../xds/resource.ts'
import type { ScopeKey } from '../xds/scope.ts'

// The composite keys of the pipeline's collections. They are made and split here only.

export type Entries<V> = readonly Entry<V>[]

/** A resource, and the scope whose proxies get it. */
export interface ScopedResource {
  readonly scope: ScopeKey
  readonly resource: Resource
}

/** `<key>#<index>`: an entry for each of several values of one object. */
export function numbered<V>(key: string, values: readonly V[]): Entries<V> {
  return values.map((value, index) => [`${key}#${index}`, value])
}

/** `<key>#<index>`, each with its scope. */
export function numberedIn<U>(
  scope: ScopeKey,
  key: string,
  uses: readonly U[],
): Entries<{ readonly scope: ScopeKey; readonly use: U }> {
  return numbered(
    key,
    uses.map((use) => ({ scope, use })),
  )
}

/**
 * `<scope>|<name>`: something that a scope has under a name of its own, such as a cluster, a host or a
 * secret.
 */
export type ScopedKey = `${ScopeKey}|${string}`

export function scopedKey(scope: ScopeKey, name: string): ScopedKey {
  return `${scope}|${name}`
}

/** `<scope>|<type>|<name>`. */
export function scopedResource(scope: ScopeKey, resource: Resource): Entry<ScopedResource> {
  return [scopedKey(scope, `${resource.type}|${resource.name}`), { scope, resource }]
}

/** `<scope>|<type>`: all resources of a type that a scope has. */
export function resourcesKey(scope: ScopeKey, type: TypeName): ScopedKey {
  return scopedKey(scope, type)
}

/** The parts of a `resourcesKey`. A scope's key may hold a bar; the name of a type does not. */
export function splitResourcesKey(key: string): { readonly scope: ScopeKey; readonly type: TypeName } {
  const bar = key.lastIndexOf('|')
  return { scope: key.slice(0, bar) as ScopeKey, type: key.slice(bar + 1) as TypeName }
}

/** `<route configuration's key>|<virtual host>`. */
export function virtualHostKey(routeConfiguration: string, name: string): string {
  return `${routeConfiguration}|${name}`
}
