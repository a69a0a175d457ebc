import { status } from '@grpc/grpc-js'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createXdsServer } from '../../src/server/ads.ts'
import { settableSnapshots } from '../support/settable-snapshots.ts'
import { connect as connectTo } from '../support/xds-client.ts'
import { cluster, layer } from '../support/xds-resources.ts'
import { expectNothingMore, modes, world } from './world.ts'

describe.each(modes)('a stream, %s', (mode) => {
  test('is known by the node of its first request; later ones may omit it', async () => {
    const { address, event, snapshots } = await world(cluster('a'))
    const node = {
      id: 'sidecar~10.0.0.1~reviews.books~books.svc.cluster.local',
      cluster: 'reviews',
      metadata: { LABELS: { app: 'reviews' } },
    }
    const client = connectTo(address, { mode, node })
    client.subscribe('cluster')
    await client.next()
    client.ack('cluster')
    await expectNothingMore(client)
    const { proxy } = await event('connected')
    expect(proxy).toMatchObject({
      id: node.id,
      stream: 1,
      mode,
      scope: { role: 'sidecar', namespace: 'books', labels: { app: 'reviews' } },
    })
    expect(snapshots.subscribed).toEqual([proxy.scope])
    await client.close()
    await event('disconnected')
    expect(snapshots.subscribed).toEqual([])
  })

  test('may repeat the node', async () => {
    const { connect, events } = await world(cluster('a'))
    const client = connect(mode)
    client.subscribe('cluster')
    await client.next()
    client.send('cluster', { node: { id: 'test-id', cluster: 'test-cluster' } })
    await expectNothingMore(client)
    expect(events.filter(({ kind }) => kind === 'connected')).toHaveLength(1)
  })

  test('without a node is refused, and another is not touched', async () => {
    const { address, connect, event } = await world(cluster('a'))
    const good = connect(mode)
    good.subscribe('cluster')
    await good.next()
    good.ack('cluster')
    const bad = connectTo(address, { mode, node: {} })
    bad.subscribe('cluster')
    expect(await bad.status()).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining('must carry the node'),
    })
    expect(await event('refused')).toMatchObject({ reason: expect.stringContaining('must carry the node') })
    await bad.close()
    await expectNothingMore(good)
  })

  test('with a node that makes no sense is refused with what to write', async () => {
    const { address } = await world()
    const client = connectTo(address, {
      mode,
      node: { id: 'x', cluster: 'x', metadata: { PORT_MAP: '80:8080' } },
    })
    client.subscribe('cluster')
    expect(await client.status()).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining('"80:8080": write pairs'),
    })
    await client.close()
  })

  test('that is no xDS is refused', async () => {
    const { connect } = await world()
    const client = connect(mode)
    client.write(Buffer.from([0x0a, 0xff, 0xff, 0xff]))
    expect(await client.status()).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining('DiscoveryRequest'),
    })
  })

  test('may ask for a type that is not served; the others go on', async () => {
    const { connect, events } = await world(cluster('a'))
    const client = connect(mode)
    client.send('cluster', { typeUrl: 'type.googleapis.com/example.Unknown' })
    client.send('cluster', { typeUrl: 'type.googleapis.com/example.Unknown' })
    client.subscribe('cluster')
    expect((await client.next()).names).toEqual(['a'])
    client.ack('cluster')
    await expectNothingMore(client)
    expect(events.filter(({ kind }) => kind === 'refused')).toEqual([
      expect.objectContaining({ reason: 'type URL "type.googleapis.com/example.Unknown" is not served' }),
    ])
  })

  test('is told when the server closes', async () => {
    const { connect, server, snapshots, event } = await world(cluster('a'))
    const client = connect(mode)
    client.subscribe('cluster')
    await client.next()
    await server.close()
    expect(await client.status()).toMatchObject({
      code: status.UNAVAILABLE,
      details: 'the control plane is shutting down',
    })
    expect((await event('disconnected')).reason).toBe('the control plane is shutting down')
    expect(snapshots.subscribed).toEqual([])
  })

  test('reports what it sends and what comes back', async () => {
    const { connect, events } = await world(cluster('a'))
    const client = connect(mode)
    client.subscribe('cluster')
    const { nonce, version, bytes } = await client.next()
    client.ack('cluster')
    await expectNothingMore(client)
    const ofClusters = events.filter((event) => 'type' in event && event.type === 'cluster')
    expect(ofClusters).toEqual([
      expect.objectContaining({ kind: 'pushed', nonce, bytes, sent: ['a'], removed: [] }),
      expect.objectContaining({ kind: 'acked', nonce, version }),
    ])
  })
})

test('an address that is taken, or none at all, is refused with its name', async () => {
  const { address } = await world()
  const other = createXdsServer({ snapshots: settableSnapshots([]), observe: () => undefined })
  onTestFinished(() => other.close())
  await expect(other.listen(address)).rejects.toThrow(`cannot listen on ${address}: `)
  await expect(other.listen('nowhere')).rejects.toThrow('cannot listen on nowhere: ')
  await expect(other.listen('127.0.0.1:0')).resolves.toMatch(/^127\.0\.0\.1:[1-9]\d*$/)
})

test('a failure of ours ends the stream on which it happened, and no other', async () => {
  const { connect, set, event } = await world(cluster('a'))
  const good = connect('delta')
  good.subscribe('cluster')
  await good.next()
  good.ack('cluster')
  const bad = connect('sotw')
  bad.subscribe('runtime', ['shadowplane'])
  await event('connected')
  const { bytes: _bytes, ...broken } = layer('shadowplane')
  set(cluster('a', 2), {
    ...broken,
    get bytes(): Buffer {
      throw new Error('no bytes')
    },
  })
  expect(await bad.status()).toMatchObject({
    code: status.INTERNAL,
    details: 'shadowplane failed on this stream: no bytes',
  })
  expect((await good.next()).names).toEqual(['a'])
  good.ack('cluster')
  await expectNothingMore(good)
})
