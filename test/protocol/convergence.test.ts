import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nothing } from '../../src/server/state/content.ts'
import type { Content } from '../../src/server/state/content.ts'
import { advanced, received } from '../../src/server/state/stream-state.ts'
import type { Subscription, Subscriptions } from '../../src/server/state/subscription.ts'
import { interested } from '../../src/server/state/subscription.ts'
import { interestIn } from '../../src/server/state/interest.ts'
import { nameListOf } from '../../src/xds/name-list.ts'
import type { Resource } from '../../src/xds/resource.ts'
import { resourceTypeByName, resourceTypes } from '../../src/xds/resource-types.ts'
import type { ResourceType, TypeName } from '../../src/xds/resource-types.ts'
import { scopeKey } from '../../src/xds/scope.ts'
import type { Snapshot } from '../../src/xds/snapshot.ts'
import { cluster, endpoints, listener, route, routeApart, virtualHost } from '../support/xds-resources.ts'
import { modes } from './world.ts'

// The state of a stream without its socket, under every order of edits and answers.

const scope = scopeKey({
  role: 'gateway',
  namespace: 'default',
  labels: {},
  anyGateway: true,
  bindAddress: '',
  portMap: {},
  virtualHosts: 'inline',
})
const names = ['a', 'b', 'c'] as const

/** Clusters with a revision each, and the one that the route goes to, which exists. */
const site = fc.record({
  target: fc.constantFrom(...names),
  others: fc.subarray([...names]),
  revision: fc.integer({ min: 1, max: 3 }),
  port: fc.integer({ min: 1, max: 2 }),
})
type Site = typeof site extends fc.Arbitrary<infer T> ? T : never
type Move = { readonly edit: Site } | { readonly answer: number; readonly refuse: boolean }
const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({ edit: site }),
  fc.record({ answer: fc.nat(), refuse: fc.constant(false) }),
  fc.record({ answer: fc.nat(), refuse: fc.integer({ min: 0, max: 9 }).map((one) => one === 0) }),
)

function snapshotOf({ target, others, revision, port }: Site): Snapshot {
  const clusters = [...new Set([target, ...others])]
  const resources = [
    ...clusters.flatMap((name) => [cluster(name, revision), endpoints(name, port)]),
    listener('l', 'r'),
    route('r', [target], revision),
  ]
  return snapshotFrom(resources)
}

function snapshotFrom(resources: readonly Resource[]): Snapshot {
  return {
    scope,
    resources: new Map(
      resourceTypes.map(({ name: type }) => [
        type,
        new Map(resources.filter((one) => one.type === type).map((one) => [one.name, one])),
      ]),
    ),
  }
}

/** A client that holds exactly what it was sent and accepted. */
class Client {
  subscriptions: Subscriptions = new Map()
  readonly held = new Map<TypeName, Map<string, Resource>>()
  readonly open: { readonly type: ResourceType; readonly content: Content; readonly nonce: string }[] = []
  readonly #mode: Subscription['mode']
  readonly #isBad: (resource: Resource) => boolean
  responses = 0
  /**
   * Envoy refuses a response whole, and may not say why; or it takes what is good of it, and names the
   * others.
   */
  refusal: 'whole' | 'of parts' = 'whole'

  constructor(mode: Subscription['mode'], isBad: (resource: Resource) => boolean = () => false) {
    this.#mode = mode
    this.#isBad = isBad
    const types = [
      'cluster',
      'endpoint',
      'listener',
      'route',
      ...(mode === 'delta' ? ['virtual-host' as const] : []),
    ] as const
    for (const type of types) this.#request(typeOf(type), '', undefined)
  }

  advance(snapshot: Snapshot): void {
    for (;;) {
      const { subscriptions, next } = advanced(this.subscriptions, snapshot, String(++this.responses))
      this.subscriptions = subscriptions
      if (next === undefined) return
      if (this.open.some(({ type }) => type === next.type))
        throw new Error(`two responses of type ${next.type.name} in flight`)
      for (const { name, owner } of next.content.resources) {
        if (owner !== undefined && !this.resources('route').has(owner))
          throw new Error(`${name} came before ${owner} was ACKed`)
      }
      this.open.push(next)
    }
  }

  answer(which: number, refuse: boolean): void {
    const [response] = this.open.splice(which % Math.max(1, this.open.length), 1)
    if (response === undefined) return
    const culprits = response.content.resources.filter(this.#isBad)
    const refuses = refuse || culprits.length > 0
    if (!refuses) this.#apply(response.type, response.content)
    else if (this.refusal === 'of parts' && !refuse) this.#apply(response.type, this.#withoutBad(response))
    const message = this.refusal === 'of parts' ? `bad: ${culprits.map(({ name }) => name).join(', ')}` : 'no'
    this.#request(response.type, response.nonce, refuses ? message : undefined)
  }

  resources(type: TypeName): ReadonlyMap<string, Resource> {
    return this.held.get(type) ?? nothing
  }

  #withoutBad({ type, content }: { readonly type: ResourceType; readonly content: Content }): Content {
    const resources = content.resources.flatMap((one) =>
      this.#isBad(one) ? (this.resources(type.name).get(one.name) ?? []) : one,
    )
    return { ...content, resources }
  }

  #apply(type: ResourceType, { resources, removed }: Content): void {
    const before = this.#mode === 'sotw' && type.wildcard ? [] : [...this.resources(type.name)]
    const after = new Map([...before, ...resources.map((one) => [one.name, one] as const)])
    for (const name of removed) after.delete(name)
    this.held.set(type.name, after)
    const hosts = [...this.resources('virtual-host')].filter(([, { owner = '' }]) =>
      this.resources('route').has(owner),
    )
    this.held.set('virtual-host', new Map(hosts))
  }

  #request(type: ResourceType, nonce: string, refusal: string | undefined): void {
    const wanted =
      type.name === 'endpoint'
        ? names.map((name) => `${name}-endpoints`)
        : type.name === 'route'
          ? ['r', 's']
          : []
    const apply = (subscription: Subscription): Subscription =>
      interested(subscription, interestIn(type, nameListOf(wanted), subscription.interest))
    const request = {
      node: new Uint8Array(),
      names: wanted.length,
      at: 1,
      typeUrl: type.typeUrl,
      nonce,
      refusal,
      voidWhenStale: this.#mode === 'sotw',
      apply,
      mode: this.#mode,
    }
    this.subscriptions = received(this.subscriptions, type, request).subscriptions
  }
}

/** A virtual host of r, and whether a client would take it. */
const host = fc.option(
  fc.record({ to: fc.constantFrom(...names), revision: fc.integer({ min: 1, max: 5 }) }),
  { nil: undefined },
)
const hostsOf = fc.record({
  hosts: fc.array(host, { minLength: 5, maxLength: 5 }),
  other: host,
  revision: fc.integer({ min: 1, max: 4 }),
})
type Hosts = typeof hostsOf extends fc.Arbitrary<infer T> ? T : never

/**
 * Two route configurations, each there as long as it has virtual hosts, and the clusters that these go to.
 */
function snapshotWith({ hosts, other, revision }: Hosts): Snapshot {
  const ofR = hosts.flatMap((one, index) => (one === undefined ? [] : [virtualHost('r', `v${index}`, one)]))
  const ofS = other === undefined ? [] : [virtualHost('s', 'v', other)]
  const targets = new Set([...ofR, ...ofS].flatMap(({ references }) => references))
  const sites = [...targets].flatMap((name) => [cluster(name), endpoints(name)])
  const owners = [
    ...(ofR.length > 0 ? [routeApart('r', revision)] : []),
    ...(ofS.length > 0 ? [routeApart('s', revision)] : []),
  ]
  return snapshotFrom([...sites, ...owners, ...ofR, ...ofS])
}

/** Revision 5 of a virtual host, and revision 4 of a route configuration. */
const bad = new Set(
  [
    ...['r', 's'].map((name) => routeApart(name, 4)),
    ...names.flatMap((to) =>
      ['r/v0', 'r/v1', 'r/v2', 'r/v3', 'r/v4', 's/v'].map((name) =>
        virtualHost(name.slice(0, 1), name.slice(2), { to, revision: 5 }),
      ),
    ),
  ].map(({ name, version }) => `${name} ${version}`),
)
const isBad = ({ name, version }: Resource): boolean => bad.has(`${name} ${version}`)

function typeOf(name: TypeName): ResourceType {
  return resourceTypeByName.get(name) ?? expect.fail(`no type ${name}`)
}

describe.each(modes)('%s', (mode) => {
  test(
    'a client that answers in any order ends with the latest state, and its route always has its ' +
      'cluster and endpoints',
    () => {
      fc.assert(
        fc.property(site, fc.array(move, { maxLength: 40 }), (first, moves) => {
          const client = new Client(mode)
          let snapshot = snapshotOf(first)
          const step = (one: Move): void => {
            if ('edit' in one) snapshot = snapshotOf(one.edit)
            else client.answer(one.answer, false)
            client.advance(snapshot)
            if (
              client.subscriptions.get('cluster')?.fresh !== false ||
              client.subscriptions.get('endpoint')?.fresh !== false
            )
              return
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
            expect(versions(client.resources(type))).toEqual(
              versions(snapshot.resources.get(type) ?? nothing),
            )
          }
          const wanted = versions(snapshot.resources.get('endpoint') ?? nothing)
          const endpointsHeld = versions(client.resources('endpoint'))
          expect(
            mode === 'delta' ? endpointsHeld : endpointsHeld.filter((one) => wanted.includes(one)),
          ).toEqual(wanted)
        }),
        { numRuns: 300 },
      )
    },
  )

  test('refusals never make it go on for ever', () => {
    fc.assert(
      fc.property(site, fc.array(move, { maxLength: 40 }), (first, moves) => {
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
      }),
      { numRuns: 300 },
    )
  })
})

describe('delta, with virtual hosts, of which some are bad', () => {
  const step = fc.oneof(
    fc.record({ edit: hostsOf }),
    fc.record({ answer: fc.nat() }),
    fc.record({ answer: fc.nat() }),
  )

  test('a client ends with all that is good, and loses none on the way', () => {
    fc.assert(
      fc.property(hostsOf, fc.array(step, { maxLength: 40 }), (first, steps) => {
        const client = new Client('delta', isBad)
        let snapshot = snapshotWith(first)
        client.advance(snapshot)
        for (const one of steps) {
          if ('edit' in one) snapshot = snapshotWith(one.edit)
          else client.answer(one.answer, false)
          client.advance(snapshot)
          expectTargets(client)
        }
        for (let rounds = 0; client.open.length > 0; rounds++) {
          expect(rounds).toBeLessThan(60)
          client.answer(0, false)
          client.advance(snapshot)
          expectTargets(client)
        }
        const routes = snapshot.resources.get('route') ?? nothing
        for (const type of ['route', 'virtual-host'] as const) {
          const good = versions(
            snapshot.resources.get(type) ?? nothing,
            (one) => !isBad(one) && canHave(client, routes, one),
          )
          expect(versions(client.resources(type))).toEqual(expect.arrayContaining([...good]))
          expect(
            [...client.resources(type).keys()].filter(
              (name) => snapshot.resources.get(type)?.has(name) !== true,
            ),
          ).toEqual([])
        }
        expect(versions(client.resources('cluster'))).toEqual(
          expect.arrayContaining([...versions(snapshot.resources.get('cluster') ?? nothing)]),
        )
      }),
      { numRuns: 500 },
    )
  })
})

describe.each(modes)('%s, with clusters of which some are bad', (mode) => {
  const clusters = fc.dictionary(
    fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    fc.integer({ min: 1, max: 4 }),
  )
  const isBadCluster = (one: Resource): boolean =>
    one.type === 'cluster' && one.version === cluster(one.name, 4).version
  const step = fc.oneof(fc.record({ edit: clusters }), fc.record({ answer: fc.nat() }))

  test.each(['whole', 'of parts'] as const)(
    'the good ones are in force, and none vanishes on the way, refused %s',
    (refusal) => {
      fc.assert(
        fc.property(clusters, fc.array(step, { maxLength: 30 }), (first, steps) => {
          const client = new Client(mode, isBadCluster)
          client.refusal = refusal
          const from = (revisions: Readonly<Record<string, number>>): Snapshot =>
            snapshotFrom(Object.entries(revisions).map(([name, revision]) => cluster(name, revision)))
          let snapshot = from(first)
          let lasting = new Set<string>()
          const wanted = (): ReadonlyMap<string, Resource> => snapshot.resources.get('cluster') ?? nothing
          const go = (
            one: { readonly edit: Readonly<Record<string, number>> } | { readonly answer: number },
          ): void => {
            if ('edit' in one) snapshot = from(one.edit)
            else client.answer(one.answer, false)
            client.advance(snapshot)
            lasting = new Set([...lasting].filter((name) => wanted().has(name)))
            for (const name of lasting) expect([...client.resources('cluster').keys()]).toContain(name)
            if (client.open.length === 0)
              lasting = new Set([...client.resources('cluster').keys()].filter((name) => wanted().has(name)))
          }
          go({ edit: first })
          steps.forEach(go)
          for (let rounds = 0; client.open.length > 0; rounds++) {
            expect(rounds).toBeLessThan(40)
            go({ answer: 0 })
          }
          expect(versions(client.resources('cluster'))).toEqual(
            expect.arrayContaining([...versions(wanted(), (one) => !isBadCluster(one))]),
          )
          expect([...client.resources('cluster').keys()].filter((name) => !wanted().has(name))).toEqual([])
        }),
        { numRuns: 300 },
      )
    },
  )
})

/**
 * A virtual host whose route configuration was refused, and that the client has no virtual host of, has
 * nowhere to go.
 */
function canHave(client: Client, routes: ReadonlyMap<string, Resource>, { owner }: Resource): boolean {
  const wanted = owner === undefined ? undefined : routes.get(owner)
  return (
    wanted === undefined ||
    !isBad(wanted) ||
    [...client.resources('virtual-host').values()].some((one) => one.owner === owner)
  )
}

/** The destinations of a virtual host exist, with their endpoints. */
function expectTargets(client: Client): void {
  if (
    client.subscriptions.get('cluster')?.fresh !== false ||
    client.subscriptions.get('endpoint')?.fresh !== false
  )
    return
  for (const target of [...client.resources('virtual-host').values()].flatMap(
    ({ references }) => references,
  )) {
    expect([...client.resources('cluster').keys()]).toContain(target)
    expect([...client.resources('endpoint').keys()]).toContain(`${target}-endpoints`)
  }
}

function versions(
  resources: ReadonlyMap<string, Resource>,
  condition: (resource: Resource) => boolean = () => true,
): readonly string[] {
  return [...resources]
    .filter(([, one]) => condition(one))
    .map(([name, { version }]) => `${name} ${version}`)
    .toSorted()
}
