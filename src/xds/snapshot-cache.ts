import type { Resource } from './resource.ts'
import { resourceTypes } from './resource-types.ts'
import type { TypeName } from './resource-types.ts'
import { scopeKey } from './scope.ts'
import type { Scope, ScopeKey } from './scope.ts'
import type { Snapshot, Snapshots } from './snapshot.ts'

/** The source of a cache's resources: the incremental pipeline. */
export interface ResourceSource {
  /**
   * The scope that a proxy shares with all that get the same resources. Another one, perhaps, after a flush
   * that says so (`Refreshed.sharing`).
   */
  shared(scope: Scope): Scope
  connect(key: ScopeKey, scope: Scope): void
  disconnect(key: ScopeKey): void
  /** Scopes were connected: `advance` is to be called when their resources are there, at once or later. */
  wanted(): void
  /** Whether the resources of a connected scope are there, as of the last flush. */
  isReady(key: ScopeKey): boolean
  read(scope: ScopeKey, type: TypeName): readonly Resource[]
}

/** The effect of a flush on snapshots. */
export interface Refreshed {
  /** The scopes and types that changed. */
  readonly changed: ReadonlyMap<ScopeKey, ReadonlySet<TypeName>>
  /** Whether a proxy may share another scope from now on. */
  readonly sharing: 'kept' | 'changed'
}

export interface SnapshotCache extends Snapshots {
  /**
   * Takes over what a flush changed, and tells every subscriber whose snapshot is another one, once. Scopes
   * that were connected meanwhile may still be missing from the flush.
   */
  advance(flushed: Refreshed): void
}

interface Entry {
  readonly key: ScopeKey
  /** Undefined until its resources are there. */
  snapshot: Snapshot | undefined
  readonly subscribers: Set<Subscriber>
}

interface Subscriber {
  readonly scope: Scope
  readonly listener: (snapshot: Snapshot) => void
  entry: Entry
  /** The previous entry: its snapshot is served until the new one is ready. */
  left: Entry | undefined
  current: Snapshot | undefined
}

/**
 * One immutable snapshot a shared scope; an unchanged type keeps its very map. A scope without subscribers
 * costs nothing.
 */
export function createSnapshotCache(source: ResourceSource): SnapshotCache {
  const entries = new Map<ScopeKey, Entry>()
  const awaited = new Set<Entry>()

  function advance({ changed, sharing }: Refreshed): void {
    const renewed = [...changed].flatMap(([key, types]) => renew(entries.get(key), types))
    const ready = [...awaited].filter(({ key }) => source.isReady(key))
    for (const entry of ready) fill(entry)
    const joined = sharing === 'changed' ? regroup() : []
    for (const entry of new Set([...renewed, ...ready, ...joined])) {
      for (const subscriber of [...entry.subscribers]) tell(subscriber, entry)
    }
  }

  function renew(entry: Entry | undefined, types: Iterable<TypeName>): readonly Entry[] {
    if (entry?.snapshot === undefined) return []
    entry.snapshot = {
      scope: entry.key,
      resources: new Map([...entry.snapshot.resources, ...readTypes(entry.key, types)]),
    }
    return [entry]
  }

  function fill(entry: Entry): void {
    awaited.delete(entry)
    entry.snapshot = {
      scope: entry.key,
      resources: new Map(
        readTypes(
          entry.key,
          resourceTypes.map(({ name }) => name),
        ),
      ),
    }
  }

  function readTypes(
    key: ScopeKey,
    types: Iterable<TypeName>,
  ): readonly (readonly [TypeName, ReadonlyMap<string, Resource>])[] {
    return [...types].map((type) => [
      type,
      new Map(source.read(key, type).map((resource) => [resource.name, resource])),
    ])
  }

  /** The previous entry is left only now, so that shared results are not computed again. */
  function tell(subscriber: Subscriber, entry: Entry): void {
    const { snapshot } = entry
    if (subscriber.entry !== entry || snapshot === undefined || snapshot === subscriber.current) return
    subscriber.current = snapshot
    if (subscriber.left !== undefined) leave(subscriber, subscriber.left)
    subscriber.left = undefined
    subscriber.listener(snapshot)
  }

  /** Moves every subscriber whose shared scope has changed; returns their new entries. */
  function regroup(): readonly Entry[] {
    const moving = [...new Set([...entries.values()].flatMap(({ subscribers }) => [...subscribers]))]
      .map((subscriber) => ({ subscriber, scope: source.shared(subscriber.scope) }))
      .filter(({ subscriber, scope }) => scopeKey(scope) !== subscriber.entry.key)
    for (const { subscriber, scope } of moving) move(subscriber, entryOf(scope))
    if (awaited.size > 0) source.wanted()
    return moving.map(({ subscriber }) => subscriber.entry)
  }

  /**
   * A subscriber with a snapshot keeps it until the new entry has one, and leaves an entry without a snapshot
   * at once.
   */
  function move(subscriber: Subscriber, to: Entry): void {
    const from = subscriber.entry
    subscriber.entry = to
    to.subscribers.add(subscriber)
    if (subscriber.current !== undefined) subscriber.left ??= from
    if (subscriber.left === to) subscriber.left = undefined
    if (subscriber.left !== from) leave(subscriber, from)
  }

  /** A new one waits for its resources. */
  function entryOf(scope: Scope): Entry {
    const key = scopeKey(scope)
    const known = entries.get(key)
    if (known !== undefined) return known
    const entry: Entry = { key, snapshot: undefined, subscribers: new Set() }
    entries.set(key, entry)
    awaited.add(entry)
    source.connect(key, scope)
    return entry
  }

  function leave(subscriber: Subscriber, entry: Entry): void {
    if (!entry.subscribers.delete(subscriber) || entry.subscribers.size > 0) return
    entries.delete(entry.key)
    awaited.delete(entry)
    source.disconnect(entry.key)
  }

  return {
    advance,
    subscribe(scope, listener) {
      const entry = entryOf(source.shared(scope))
      if (entry.snapshot === undefined) source.wanted()
      const subscriber: Subscriber = { scope, listener, entry, left: undefined, current: entry.snapshot }
      entry.subscribers.add(subscriber)
      return {
        get current() {
          return subscriber.current
        },
        close() {
          leave(subscriber, subscriber.entry)
          if (subscriber.left !== undefined) leave(subscriber, subscriber.left)
        },
      }
    },
  }
}
