import { initialVersions, nameChange, noNames } from './discovery-request.ts'
import type { NameChange } from './discovery-request.ts'
import { typeUrls } from './discovery-response.ts'
import type { Carried, CarriedResource } from './discovery-response.ts'
import { onceForAll, onceForEach } from '../once-for-all.ts'

/** The resources of one type on a stream, by name; undefined for a name that does not exist. */
export type Held = ReadonlyMap<string, CarriedResource | undefined>
export type Names = ReadonlySet<string>

/** One type on one stream. Streams that went the same way share all of it but the nonce. */
export interface TypeState {
  /** Undefined: everything, by an empty list. */
  readonly asked: Names | undefined
  readonly held: Held
  readonly answered: boolean
  readonly nonce: string
  readonly version: string
}

export const nothingHeld: Held = new Map()
export const noneAsked: Names = new Set()

/** The state after a response: what is not in a SotW response for everything is gone. */
export const afterWhole = onceForEach(
  ({ resources }: Carried): Held => new Map(resources.map((each) => [each.name, each])),
)

/** The state after a response that says what it changes. */
export const afterChange = onceForAll((held: Held, { resources, removed }: Carried): Held => {
  const next = new Map(held)
  for (const name of removed) next.set(name, undefined)
  for (const each of resources) next.set(each.name, each)
  return next
})

/**
 * The names that an Envoy requests because of its holdings: endpoints for clusters, route configurations for
 * listeners.
 */
export const namesFollowed = onceForEach(
  (held: Held): Names => new Set([...held.values()].flatMap((each) => each?.names ?? [])),
)

export const restricted = onceForAll((held: Held, asked: Names): Held => {
  const kept = [...held].filter(([name]) => asked.has(name))
  return kept.length === held.size ? held : new Map(kept)
})

/** From one list of names to another; `noNames` where they are the same. */
export const changeOfNames = onceForAll((before: Names, after: Names): NameChange =>
  before.size === after.size && [...after].every((name) => before.has(name))
    ? noNames
    : nameChange(before, after),
)

export const holdsAll = onceForAll((held: Held, asked: Names): boolean =>
  [...asked].every((name) => held.has(name)),
)

/** True when each route configuration whose virtual hosts come one by one has at least one. */
export const hasVirtualHosts = onceForAll((routes: Held, hosts: Held): boolean => {
  const owners = new Set(
    [...hosts].filter(([, each]) => each !== undefined).map(([name]) => name.slice(0, name.lastIndexOf('/'))),
  )
  return [...routes].every(([name, route]) => route?.hasVhds !== true || owners.has(name))
})

export const someVhds = onceForEach((routes: Held): boolean =>
  [...routes.values()].some((each) => each?.hasVhds === true),
)

/** The holdings that a delta client reports on another stream. */
export const versionsHeld = onceForEach((held: Held): Buffer =>
  initialVersions(
    [...held].flatMap(([name, each]): readonly (readonly [string, string])[] =>
      each === undefined ? [] : [[name, each.version]],
    ),
  ),
)

/** How an Envoy follows one type with the next: by names, or for virtual hosts by asking for all. */
export const followers: ReadonlyMap<string, string> = new Map([
  [typeUrls.cluster, typeUrls.endpoint],
  [typeUrls.listener, typeUrls.route],
])
