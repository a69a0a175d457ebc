import type { NameList } from '../xds/name-list.ts'
import { absent, isResource } from './state/content.ts'
import type { Content, Holding, Holdings } from './state/content.ts'
import type { Isolation } from './state/isolation.ts'
import type { Kept } from './admission/memory-budget.ts'
import type { Subscription } from './state/subscription.ts'

// Estimates of what V8 uses, rather too high than too low. A resource of ours is not counted: it is there for
// everybody.
const perEntry = 56 // bytes: of a Set or Map, and the head of a string
const perHolding = 120 // bytes

/** The bytes that a subscription makes the server remember because of its client's requests. */
export function keptFor({
  interest,
  list,
  held,
  again,
  nacked,
  isolation,
  inFlight,
}: Subscription): readonly Kept[] {
  return [
    ...sized(interest.names, namesBytes),
    ...sized(again, namesBytes),
    ...sized(held, holdingsBytes),
    ...sized(nacked, nackedBytes),
    ...sized(list, listBytes),
    ...sized(isolation, isolationBytes),
    ...sized(inFlight?.after, holdingsBytes),
    ...sized(inFlight?.content, contentBytes),
  ]
}

const sizes = new WeakMap<object, number>()

/** These objects never change, so that each is measured once. */
function sized<T extends object>(object: T | undefined, measure: (object: T) => number): readonly Kept[] {
  if (object === undefined) return []
  const bytes = sizes.get(object) ?? measure(object)
  if (bytes === 0) return []
  sizes.set(object, bytes)
  return [{ object, bytes }]
}

function namesBytes(names: ReadonlySet<string>): number {
  return total(names, (name) => perEntry + name.length)
}

function listBytes({ encoded, names }: NameList): number {
  return encoded.length + names.length * 8
}

function holdingsBytes(held: Holdings): number {
  return total(held, ([name, holding]) => holdingBytes(name, holding))
}

function holdingBytes(name: string, holding: Holding): number {
  if (isResource(holding)) return 0
  return holding === absent ? perEntry : perHolding + name.length + holding.version.length
}

function nackedBytes(nacked: Subscription['nacked']): number {
  const messages = new Set([...nacked.values()].map(({ message }) => message))
  return nacked.size * perHolding + total(messages, ({ length }) => length)
}

function isolationBytes({ suspects, message }: Isolation): number {
  return suspects.size * perHolding + message.length
}

/** The names of removed resources may be the client's own; they are in the encoded response, too. */
function contentBytes({ removed }: Content): number {
  return total(removed, (name) => perEntry + 2 * name.length)
}

function total<T>(items: Iterable<T>, bytesOf: (item: T) => number): number {
  let bytes = 0
  for (const item of items) bytes += bytesOf(item)
  return bytes
}
