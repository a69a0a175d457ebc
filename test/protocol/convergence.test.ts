import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nothing } from '../../src/server/content.ts'
import type { Content } from '../../src/server/content.ts'
import { advanced, received } from '../../src/server/stream-state.ts'
import type { Subscription, Subscriptions } from '../../src/server/subscription.ts'
import { interested } from '../../src/server/subscription.ts'
import { interestIn } from '../../src/server/interest.ts'
import type { Resource } from '../../src/xds/resource.ts'
import { resourceTypeByName, resourceTypes } from '../../src/xds/resource-types.ts'
import type { ResourceType, TypeName } from '../../src/xds/resource-types.ts'
import { scopeKey } from '../../src/xds/scope.ts'
import type { Snapshot } from '../../src/xds/snapshot.ts'
import { cluster, endpoints, listener, route } from '../support/xds-resources.ts'
import { modes } from './world.ts'

// The state of a stream without its socket, under every order of edits and answers.

const scope = scopeKey({ role: 'gateway', namespace: 'default', labels: {}, anyGateway: true, domain: '', bindAddress: '', portMap: {}, virtualHosts: 'inline' })
const names = ['a', 'b', 'c'] as const

/** Clusters with a revision each, and the one that the route goes to, which exists. */
const site = fc.record({ target: fc.constantFrom(...names), others: fc.subarray([...names]), revision: fc.integer({ min: 1, max: 3 }), port: fc.integer({ min: 1, max: 2 }) })
type Site = typeof site extends fc.Arbitrary<infer T> ? T : never
type Move = { readonly edit: Site } | { readonly answer: number; readonly refuse: boolean }
const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({ edit: site }),
  fc.record({ answer: fc.nat(), refuse: fc.constant(false) }),
  fc.record({ answer: fc.nat(), refuse: fc.integer({ min: 0, max: 9 }).map((one) => one === 0) }),
)

function snapshotOf({ target, others, revision, port }: Site): Snapshot {
  const clusters = [...new Set([target, ...others])]
  const resources = [...clusters.flatMap((name) => [cluster(name, revision), endpoints(name, port)]), listener('l', 'r'), route('r', [target], revision)]
  return { scope, resources: new Map(resourceTypes.map(({ name: type }) => [type, new Map(resources.filter((one) => one.type === type).map((one) => [one.name, one]))])) }
}

/** A client that holds exactly what it was sent and accepted. */
class Client {
  subscriptions: Subscriptions = new Map()
  readonly held = new Map<TypeName, Map<string, Resource>>()
  readonly open: { readonly type: ResourceType; readonly content: Content; readonly nonce: string }[] = []
  readonly #mode: Subscription['mode']
  responses = 0

  constructor(mode: Subscription['mode']) {
    this.#mode = mode
    for (const type of ['cluster', 'endpoint', 'listener', 'route'] as const) this.#request(typeOf(type), '', undefined)
  }

  advance(snapshot: Snapshot): void {
    for (;;) {
      const { subscriptions, next } = advanced(this.subscriptions, snapshot, String(++this.responses))
      this.subscriptions = subscriptions
      if (next === undefined) return
      if (this.open.some(({ type }) => type === next.type)) throw new Error(`two responses of type ${next.type.name} in flight`)
      this.open.push(next)
    }
  }

  answer(which: number, refuse: boolean): void {
    const [response] = this.open.splice(which % Math.max(1, this.open.length), 1)
    if (response === undefined) return
    if (!refuse) this.#apply(response.type, response.content)
    this.#request(response.type, response.nonce, refuse ? 'no' : undefined)
  }

  resources(type: TypeName): ReadonlyMap<string, Resource> {
    return this.held.get(type) ?? nothing
  }

  #apply(type: ResourceType, { resources, removed }: Content): void {
    const before = this.#mode === 'sotw' && type.wildcard ? [] : [...this.resources(type.name)]
    const after = new Map([...before, ...resources.map((one) => [one.name, one] as const)])
    for (const name of removed) after.delete(name)
    this.held.set(type.name, after)
  }

  #request(type: ResourceType, nonce: string, refusal: string | undefined): void {
    const wanted = type.name === 'endpoint' ? names.map((name) => `${name}-endpoints`) : type.name === 'route' ? ['r'] : []
    const apply = (subscription: Subscription): Subscription => interested(subscription, interestIn(type, wanted, subscription.interest))
    const request = { node: new Uint8Array(), typeUrl: type.typeUrl, nonce, refusal, voidWhenStale: this.#mode === 'sotw', apply, mode: this.#mode }
    this.subscriptions = received(this.subscriptions, type, request).subscriptions
  }
}

function typeOf(name: TypeName): ResourceType {
  return resourceTypeByName.get(name) ?? expect.fail(`no type ${name}`)
}

describe.each(modes)('%s', (mode) => {
  test('a client that answers in any order ends with the latest state, and its route always has its cluster and endpoints', () => {
    fc.assert(fc.property(site, fc.array(move, { maxLength: 40 }), (first, moves) => {
      const client = new Client(mode)
      let snapshot = snapshotOf(first)
      const step = (one: Move): void => {
        if ('edit' in one) snapshot = snapshotOf(one.edit)
        else client.answer(one.answer, false)
        client.advance(snapshot)
        if (client.subscriptions.get('cluster')?.fresh !== false || client.subscriptions.get('endpoint')?.fresh !== false) return
        for (const target of client.resources('route').get('r')?.references ?? []) {
          expect([...client.resources('cluster').keys()]).toContain(target)
          expect([...client.resources('endpoint').keys()]).toContain(`${target}-endpoints`)
        }
      }
      step({ edit: first })
      moves.forEach(step)
      for (let rounds = 0; client.open.length > 0; rounds++) {
        expect(rounds).toBeLessThan(50)
        step({ answer: 0, refuse: false })
      }
      for (const type of ['cluster', 'listener', 'route'] as const) {
        expect(versions(client.resources(type))).toEqual(versions(snapshot.resources.get(type) ?? nothing))
      }
      const wanted = versions(snapshot.resources.get('endpoint') ?? nothing)
      const endpointsHeld = versions(client.resources('endpoint'))
      expect(mode === 'delta' ? endpointsHeld : endpointsHeld.filter((one) => wanted.includes(one))).toEqual(wanted)
    }), { numRuns: 300 })
  })

  test('refusals never make it go on for ever', () => {
    fc.assert(fc.property(site, fc.array(move, { maxLength: 40 }), (first, moves) => {
      const client = new Client(mode)
      let snapshot = snapshotOf(first)
      client.advance(snapshot)
      for (const one of moves) {
        if ('edit' in one) snapshot = snapshotOf(one.edit)
        else client.answer(one.answer, one.refuse)
        client.advance(snapshot)
      }
      let rounds = 0
      for (; client.open.length > 0 && rounds < 50; rounds++) {
        client.answer(0, true)
        client.advance(snapshot)
      }
      expect(rounds).toBeLessThan(50)
    }), { numRuns: 300 })
  })
})

function versions(resources: ReadonlyMap<string, Resource>): readonly string[] {
  return [...resources].map(([name, { version }]) => `${name} ${version}`).toSorted()
}
