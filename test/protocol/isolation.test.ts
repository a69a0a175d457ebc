import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { afterAck, afterNack } from '../../src/server/state/isolation.ts'
import type { Change, Verdict } from '../../src/server/state/isolation.ts'
import { cluster, endpoints, route, routeApart, virtualHost } from '../support/xds-resources.ts'
import type { XdsClient } from '../support/xds-client.ts'
import { expectNothingMore, modes, world } from './world.ts'

// Which of several nacked changes is at fault. xDS protocol, "When to send an update": a nacked resource
// goes out again only when it changes, and Envoy refuses a delta response whole.

const change = (name: string): Change => ({ name, version: '1', resource: undefined })

/** Plays a client that refuses these names, and says how it went. */
function run(
  names: readonly string[],
  isBad: (name: string) => boolean,
  messageOf: (bad: readonly string[]) => string,
) {
  const nacked = new Set<string>()
  let pending = names.map(change)
  let verdict: Verdict = { nacked: [], isolation: undefined }
  let responses = 0
  while (pending.length > 0 && responses < 10_000) {
    const { isolation } = verdict
    const response =
      isolation === undefined ? pending : pending.filter(({ name }) => isolation.trial.has(name))
    const bad = response.map(({ name }) => name).filter(isBad)
    responses += 1
    const accepted = new Set(bad.length > 0 ? [] : response.map(({ name }) => name))
    verdict =
      bad.length > 0
        ? afterNack(response, messageOf(bad))
        : isolation === undefined
          ? verdict
          : afterAck(isolation, accepted)
    for (const { name } of verdict.nacked) nacked.add(name)
    pending = pending.filter(({ name }) => !accepted.has(name) && !nacked.has(name))
  }
  return { nacked, responses }
}

describe('the search for the culprit', () => {
  const count = fc.integer({ min: 1, max: 1_000 })
  const silent = (): string => 'bad regex'

  test('finds one among n by at most log2(n) + 1 further responses', () => {
    fc.assert(
      fc.property(count, fc.nat(), (size, which) => {
        const names = Array.from({ length: size }, (_, index) => `n${index}`)
        const culprit = `n${which % size}`
        const { nacked, responses } = run(names, (name) => name === culprit, silent)
        expect([...nacked]).toEqual([culprit])
        expect(responses).toBeLessThanOrEqual(1 + Math.ceil(Math.log2(size)) + 1)
      }),
    )
  })

  test('finds all of several, and refuses no other', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 99 }), { maxLength: 20 }),
        fc.boolean(),
        (bad, tells) => {
          const names = Array.from({ length: 100 }, (_, index) => `n${index}`)
          const culprits = new Set(bad.map((index) => `n${index}`))
          const { nacked, responses } = run(
            names,
            (name) => culprits.has(name),
            tells ? (found) => `bad: ${found.join(', ')}` : silent,
          )
          expect([...nacked].toSorted()).toEqual([...culprits].toSorted())
          expect(responses).toBeLessThanOrEqual(1 + culprits.size * (Math.ceil(Math.log2(100)) + 2))
        },
      ),
    )
  })

  test('one that is named is found by one further response', () => {
    const names = ['reviews', 'reviews-v2', 'reviews.v3', 'ratings']
    expect(
      run(
        names,
        (name) => name === 'reviews-v2',
        ([bad]) => `cluster ${bad}: no such thing`,
      ),
    ).toEqual({ nacked: new Set(['reviews-v2']), responses: 2 })
  })

  test('a name that is only mentioned is not taken for the culprit', () => {
    expect(
      run(
        ['a', 'b', 'c', 'd'],
        (name) => name === 'd',
        () => 'unknown cluster a',
      ).nacked,
    ).toEqual(new Set(['d']))
  })

  test('a virtual host is known by its name without that of its route configuration', () => {
    const hosts = ['a', 'b', 'c', 'd'].map((name) => virtualHost('80', name))
    const changes = hosts.map((resource): Change => ({
      name: resource.name,
      version: resource.version,
      resource,
    }))
    expect(afterNack(changes, 'duplicate domain in c of 80').isolation?.trial).toEqual(
      new Set(['80/a', '80/b', '80/d']),
    )
  })
})

async function acked(client: XdsClient, expected: object): Promise<void> {
  expect(await client.next()).toMatchObject(expected)
  client.ack('route')
}

const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => route(name, ['x']))
const all = [a, b, c, d].filter((each) => each !== undefined)

describe.each(modes)('after a NACK of several resources, %s', (mode) => {
  test('the others are sent without the one that is named', async () => {
    const { connect, events } = await world(...all)
    const client = connect(mode)
    client.subscribe('route', ['a', 'b', 'c', 'd'])
    expect((await client.next()).names).toEqual(['a', 'b', 'c', 'd'])
    client.nack('route', 'route c: bad')
    await acked(client, { names: ['a', 'b', 'd'] })
    await expectNothingMore(client)
    expect(events.filter(({ kind }) => kind === 'nacked' || kind === 'acked').slice(0, 2)).toMatchObject([
      {
        kind: 'nacked',
        refusal: {
          message: 'route c: bad',
          resources: [{ name: 'a' }, { name: 'b' }, { name: 'c' }, { name: 'd' }],
        },
      },
      { kind: 'acked', refusal: { message: 'route c: bad', resources: [{ name: 'c' }] } },
    ])
  })

  test('or halved; what waited meanwhile follows at the end', async () => {
    const { connect, set } = await world(...all)
    const client = connect(mode)
    client.subscribe('route', ['a', 'b', 'c', 'd', 'e'])
    await client.next()
    client.nack('route', 'bad regex')
    expect((await client.next()).names).toEqual(['a', 'b'])
    set(...all, route('e', []))
    client.nack('route', 'bad regex')
    expect((await client.next()).names).toEqual(['a'])
    client.nack('route', 'bad regex')
    await acked(client, { names: ['b', 'c', 'd', 'e'] })
    await expectNothingMore(client)
  })

  test('a new version of a suspect ends the search: all is tried again', async () => {
    const { connect, set } = await world(...all)
    const client = connect(mode)
    client.subscribe('route', ['a', 'b', 'c', 'd'])
    await client.next()
    client.nack('route', 'bad regex')
    expect((await client.next()).names).toEqual(['a', 'b'])
    set(...all.slice(0, 3), route('d', ['y']))
    client.ack('route')
    await acked(client, { names: ['c', 'd'] })
    await expectNothingMore(client)
  })

  test('an innocent edit of the same flush is in force, and only the culprit waits for its change', async () => {
    const { connect, set } = await world(...all)
    const client = connect(mode)
    client.subscribe('route', ['a', 'b', 'c', 'd'])
    await acked(client, { names: ['a', 'b', 'c', 'd'] })
    set(route('a', ['new']), route('b', ['bad']), ...all.slice(2))
    expect((await client.next()).names).toEqual(['a', 'b'])
    client.nack('route', 'bad regex')
    await acked(client, { names: ['a'] })
    await expectNothingMore(client)
    set(route('a', ['new']), route('b', ['good']), ...all.slice(2))
    await acked(client, { names: ['b'] })
    await expectNothingMore(client)
  })
})

test('delta: removals are taken before what may need their place', async () => {
  const { connect, set } = await world(routeApart('r'), virtualHost('r', 'a'), virtualHost('r', 'b'))
  const client = connect('delta')
  client.subscribe('route', ['r'])
  await acked(client, { names: ['r'] })
  client.subscribe('virtual-host')
  expect((await client.next()).names).toEqual(['r/a', 'r/b'])
  client.ack('virtual-host')
  set(routeApart('r'), virtualHost('r', 'c'), virtualHost('r', 'd'))
  expect(await client.next()).toMatchObject({ names: ['r/c', 'r/d'], removed: ['r/a', 'r/b'] })
  client.nack('virtual-host', 'bad regex')
  expect(await client.next()).toMatchObject({ names: [], removed: ['r/a', 'r/b'] })
  client.ack('virtual-host')
  expect(await client.next()).toMatchObject({ names: ['r/c'], removed: [] })
  client.ack('virtual-host')
  await expectNothingMore(client)
})

test('delta: endpoints of a warming cluster wait for the end of the search, and are not forgotten', async () => {
  const { connect, set } = await world(cluster('a'), endpoints('a'), endpoints('b'), endpoints('c'))
  const client = connect('delta')
  client.subscribe('cluster')
  expect((await client.next()).type).toBe('cluster')
  client.ack('cluster')
  client.subscribe('endpoint', ['a-endpoints', 'b-endpoints', 'c-endpoints'])
  expect((await client.next()).names).toEqual(['a-endpoints', 'b-endpoints', 'c-endpoints'])
  client.ack('endpoint')
  set(cluster('a'), endpoints('a'), endpoints('b', 1), endpoints('c', 1))
  expect((await client.next()).names).toEqual(['b-endpoints', 'c-endpoints'])
  set(cluster('a', 2), endpoints('a'), endpoints('b', 1), endpoints('c', 1))
  expect((await client.next()).type).toBe('cluster')
  client.ack('cluster')
  client.nack('endpoint', 'bad')
  expect((await client.next()).names).toEqual(['b-endpoints'])
  client.ack('endpoint')
  expect((await client.next()).names).toEqual(['a-endpoints'])
  client.ack('endpoint')
  await expectNothingMore(client)
})
