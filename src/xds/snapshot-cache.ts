import type { Resource } from './resource.ts'
import { resourceTypes } from './resource-types.ts'
import type { TypeName } from './resource-types.ts'
import { scopeKey } from './scope.ts'
import type { Scope, ScopeKey } from './scope.ts'
import type { Snapshot, Snapshots } from './snapshot.ts'

/** Where a cache gets its resources: the incremental pipeline. */
export interface ResourceSource {
  /** The scope that a proxy shares with all that get the same resources. Another one, perhaps, after a refresh that says so. */
  shared(scope: Scope): Scope
  connect(key: ScopeKey, scope: Scope): void
  disconnect(key: ScopeKey): void
  /** Brings the resources up to date. */
  refresh(): Refreshed
  read(scope: ScopeKey, type: TypeName): readonly Resource[]
}

export interface Refreshed {
  /** The scopes and types that changed. */
  readonly changed: ReadonlyMap<ScopeKey, ReadonlySet<TypeName>>
  /** Whether a proxy may share another scope from now on. */
  readonly sharing: 'kept' | 'changed'
}

export interface SnapshotCache extends Snapshots {
  /** Takes over what changed at the source and tells every subscriber whose snapshot is another one, once. */
  advance(): void
}

interface Entry {
  readonly key: ScopeKey
  snapshot: Snapshot
  readonly subscribers: Set<Subscriber>
}

interface Subscriber {
  readonly scope: Scope
  readonly listener: (snapshot: Snapshot) => void
  entry: Entry
}

/** One immutable snapshot a shared scope; an unchanged type keeps its very map. A scope without subscribers costs nothing. */
export function createSnapshotCache(source: ResourceSource): SnapshotCache {
  const entries = new Map<ScopeKey, Entry>()

  function advance(): void {
    const { changed, sharing } = source.refresh()
    const told = new Set([...changed.keys()].flatMap((key) => entries.get(key) ?? []))
    for (const entry of told) entry.snapshot = renewed(entry.snapshot, changed.get(entry.key) ?? new Set())
    const moved = sharing === 'changed' ? regroup() : new Set<Subscriber>()
    const others = [...told].flatMap(({ subscribers }) => [...subscribers]).filter((subscriber) => !moved.has(subscriber))
    for (const { listener, entry } of [...others, ...moved]) listener(entry.snapshot)
  }

  function renewed(snapshot: Snapshot, types: Iterable<TypeName>): Snapshot {
    return { scope: snapshot.scope, resources: new Map([...snapshot.resources, ...readTypes(snapshot.scope, types)]) }
  }

  function readTypes(key: ScopeKey, types: Iterable<TypeName>): readonly (readonly [TypeName, ReadonlyMap<string, Resource>])[] {
    return [...types].map((type) => [type, new Map(source.read(key, type).map((resource) => [resource.name, resource]))])
  }

  /** Moves every subscriber whose shared scope is another one now. What they shared before is left only then, so that nothing common is made anew. */
  function regroup(): ReadonlySet<Subscriber> {
    const moving = [...entries.values()].flatMap(({ subscribers }) => [...subscribers])
      .map((subscriber) => ({ subscriber, scope: source.shared(subscriber.scope) }))
      .filter(({ subscriber, scope }) => scopeKey(scope) !== subscriber.entry.key)
    const scopes = new Map(moving.map(({ scope }) => [scopeKey(scope), scope]))
    const targets = connected(scopes)
    for (const { subscriber, scope } of moving) {
      const target = targets.get(scopeKey(scope))
      if (target === undefined) continue
      const left = subscriber.entry
      join(subscriber, target)
      leave(subscriber, left)
    }
    return new Set(moving.map(({ subscriber }) => subscriber))
  }

  /** The entries of these scopes; those that are new are brought up to date together. */
  function connected(scopes: ReadonlyMap<ScopeKey, Scope>): ReadonlyMap<ScopeKey, Entry> {
    const fresh = [...scopes].filter(([key]) => !entries.has(key))
    for (const [key, scope] of fresh) source.connect(key, scope)
    if (fresh.length > 0) advance()
    const all = resourceTypes.map((type) => type.name)
    for (const [key] of fresh) entries.set(key, { key, snapshot: { scope: key, resources: new Map(readTypes(key, all)) }, subscribers: new Set() })
    return new Map([...scopes.keys()].flatMap((key) => {
      const entry = entries.get(key)
      return entry === undefined ? [] : [[key, entry]]
    }))
  }

  function join(subscriber: Subscriber, entry: Entry): void {
    subscriber.entry = entry
    entry.subscribers.add(subscriber)
  }

  function leave(subscriber: Subscriber, { key, subscribers }: Entry): void {
    if (!subscribers.delete(subscriber) || subscribers.size > 0) return
    entries.delete(key)
    source.disconnect(key)
  }

  return {
    advance,
    subscribe(scope, listener) {
      const shared = source.shared(scope)
      const key = scopeKey(shared)
      const entry = entries.get(key) ?? connected(new Map([[key, shared]])).get(key)
      if (entry === undefined) throw new Error(`the scope ${key} was not connected`)
      const subscriber: Subscriber = { scope, listener, entry }
      join(subscriber, entry)
      return {
        get current() { return subscriber.entry.snapshot },
        close: () => { leave(subscriber, subscriber.entry) },
      }
    },
  }
}
