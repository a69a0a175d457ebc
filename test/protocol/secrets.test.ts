import { describe, expect, test } from 'vitest'
import type { Resource } from '../../src/xds/resource.ts'
import type { TypeName } from '../../src/xds/resource-types.ts'
import type { XdsClient } from '../support/xds-client.ts'
import { cluster, endpoints, layer, route, secret } from '../support/xds-resources.ts'
import { expectNothingMore, modes, world } from './world.ts'

/** A cluster that takes a secret, and its endpoints. */
function secured(name: string): readonly Resource[] {
  const plain = cluster(name)
  return [{ ...plain, references: [...plain.references, `${name}-key`] }, endpoints(name)]
}

async function acknowledge(client: XdsClient, type: TypeName): Promise<void> {
  expect((await client.next()).type).toBe(type)
  client.ack(type)
}

// xDS protocol, "Eventual consistency considerations": a cluster is of use once it has what it refers to.
describe.each(modes)('secrets, %s', (mode) => {
  async function settled() {
    const made = await world(...secured('a'), secret('a-key'), route('r', ['a']))
    const client = made.connect(mode)
    client.subscribe('cluster')
    await acknowledge(client, 'cluster')
    client.subscribe('secret', ['a-key'])
    await acknowledge(client, 'secret')
    client.subscribe('endpoint', ['a-endpoints'])
    await acknowledge(client, 'endpoint')
    client.subscribe('route', ['r'])
    await acknowledge(client, 'route')
    await expectNothingMore(client)
    return { client, set: made.set }
  }

  /** Like Envoy: the secrets that a cluster names are requested before the cluster is ACKed. */
  async function takeCluster(client: XdsClient): Promise<void> {
    expect((await client.next()).type).toBe('cluster')
    client.subscribe('secret', mode === 'sotw' ? ['a-key', 'b-key'] : ['b-key'])
    client.subscribe('endpoint', mode === 'sotw' ? ['a-endpoints', 'b-endpoints'] : ['b-endpoints'])
    client.ack('cluster')
  }

  test(
    'a route to a new cluster waits until its secret is ACKed, and the old secret goes with the old ' +
      'cluster',
    async () => {
      const { client, set } = await settled()
      set(...secured('b'), secret('b-key'), route('r', ['b']), layer('dial'))
      await takeCluster(client)
      const answers = [await client.next(), await client.next()]
      expect(
        answers.map(({ type, names }) => `${type} ${names.join(', ')}`).toSorted((a, b) => (a < b ? -1 : 1)),
      ).toEqual(['endpoint b-endpoints', 'secret b-key'])
      client.ack('endpoint')
      // The new request is answered, and no route before it.
      client.subscribe('runtime', ['dial'])
      await acknowledge(client, 'runtime')
      client.ack('secret')
      await acknowledge(client, 'route')
      expect(await client.next()).toMatchObject({ type: 'cluster', removed: mode === 'sotw' ? [] : ['a'] })
    },
  )

  test('a changed secret is sent alone, and nothing with it', async () => {
    const { client, set } = await settled()
    const rotated = { ...secret('a-key'), version: 'rotated' }
    set(...secured('a'), rotated, route('r', ['a']))
    expect(await client.next()).toMatchObject({ type: 'secret', names: ['a-key'], removed: [] })
    client.ack('secret')
    await expectNothingMore(client)
  })

  test('a route does not wait for a secret that does not exist', async () => {
    const { client, set } = await settled()
    set(...secured('a'), ...secured('b'), secret('a-key'), route('r', ['b']))
    await takeCluster(client)
    const types = new Set<TypeName>()
    while (!types.has('route')) {
      const { type } = await client.next()
      client.ack(type)
      types.add(type)
    }
    expect(types).toContain('endpoint')
  })
})
