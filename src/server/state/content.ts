import { contentVersion } from '../../xds/resource.ts'
import type { Resource } from '../../xds/resource.ts'
import type { Interest } from './interest.ts'
import { remembered } from './remembered.ts'

export type Resources = ReadonlyMap<string, Resource>

/** The content that a client holds under a name: a resource of ours, or one that is only partly known. */
export type Holding = Resource | Unknown
export type Holdings = ReadonlyMap<string, Holding>

/** A version from before this stream, or a resource that the client knows not to exist (`absent`). */
export interface Unknown {
  readonly version: string
  /** Undefined if they are unknown too: it may refer to anything. */
  readonly references: readonly string[] | undefined
  /** Set if a change was rejected but may be in force: the client's former content, or 'none' for nothing. */
  readonly before?: Resource | Unknown | 'none' | undefined
}

/** The version of a rejected resource that may be in force. */
export const uncertainVersion = 'uncertain'

export const absent: Unknown = { version: '', references: [] }
export const nothing: Resources = new Map()

export function isResource(holding: Holding): holding is Resource {
  return 'bytes' in holding
}

/**
 * The content of one response. Streams that send the same content share one value, and so the encoded bytes.
 */
export interface Content {
  /**
   * The version of the whole state after the response: a hash over names and versions, equal on every
   * replica.
   */
  readonly version: string
  readonly resources: readonly Resource[]
  readonly sent: readonly string[]
  readonly removed: readonly string[]
}

export interface Difference {
  /** Sorted by name, as are the others. */
  readonly added: readonly Resource[]
  readonly changed: readonly Resource[]
  readonly removed: readonly string[]
}

const unchanged: Difference = { added: [], changed: [], removed: [] }
const compared = remembered(compare)

/** The changes from one state to another. */
export function difference(held: Holdings, target: Resources): Difference {
  return held === target ? unchanged : compared(held, target)
}

function compare(held: Holdings, target: Resources): Difference {
  const fresh = byName(target.values()).filter(
    (resource) => held.get(resource.name)?.version !== resource.version,
  )
  return {
    added: fresh.filter((resource) => (held.get(resource.name) ?? absent) === absent),
    changed: fresh.filter((resource) => (held.get(resource.name) ?? absent) !== absent),
    removed: [...held]
      .filter(([name, holding]) => holding !== absent && !target.has(name))
      .map(([name]) => name)
      .toSorted(),
  }
}

const selected = remembered((names: ReadonlySet<string>, resources: Resources): Resources => {
  const selection =
    resources.size < names.size
      ? new Map([...resources].filter(([name]) => names.has(name)))
      : new Map([...names].flatMap((name) => entry(resources, name)))
  return selection.size === resources.size ? resources : selection
})

/** The resources that a client wants; the very map that was given if it wants them all. */
export function select(resources: Resources, interest: Interest): Resources {
  return interest.wildcard ? resources : selected(interest.names, resources)
}

const wholes = new WeakMap<Resources, Content>()

/** A state as one response: all of it, sorted by name. */
export function wholeContent(resources: Resources): Content {
  const known = wholes.get(resources)
  if (known !== undefined) return known
  const list = byName(resources.values())
  const content = { version: hash(list), resources: list, sent: list.map(({ name }) => name), removed: [] }
  wholes.set(resources, content)
  return content
}

const changes = remembered(({ added, changed, removed }: Difference, target: Resources): Content =>
  changedContent([...added, ...changed], removed, target),
)

/** A difference as one response, shared by all streams that go from the one state to the other. */
export function differenceContent(between: Difference, target: Resources): Content {
  return changes(between, target)
}

export function changedContent(
  resources: readonly Resource[],
  removed: readonly string[],
  target: Resources,
): Content {
  const list = byName(resources)
  return {
    version: wholeContent(target).version,
    resources: list,
    sent: list.map(({ name }) => name),
    removed: removed.toSorted(),
  }
}

function hash(resources: readonly Resource[]): string {
  return contentVersion(resources.flatMap(({ name, version }) => [name, '\0', version, '\n']))
}

function byName(resources: Iterable<Resource>): readonly Resource[] {
  return [...resources].toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function entry(resources: Resources, name: string): readonly (readonly [string, Resource])[] {
  const resource = resources.get(name)
  return resource === undefined ? [] : [[name, resource]]
}
