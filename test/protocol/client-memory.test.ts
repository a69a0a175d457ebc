import { connect as connectHttp2 } from 'node:http2'
import { status } from '@grpc/grpc-js'
import { describe, expect, onTestFinished, test } from 'vitest'
import { node } from '../../src/envoy/node.ts'
import type { Authenticate } from '../../src/server/authentication.ts'
import { MemoryBudget } from '../../src/server/admission/memory-budget.ts'
import { statusText } from '../../src/server/status/status-text.ts'
import { within } from '../support/within.ts'
import type { NodeJson, XdsClient } from '../support/xds-client.ts'
import { cluster } from '../support/xds-resources.ts'
import { expectNothingMore, modes, world, worldWith } from './world.ts'

const kibibyte = 1024
const mebibyte = 1024 * kibibyte
const manyNames = (count: number, mark = ''): readonly string[] =>
  Array.from({ length: count }, (_, index) => `outbound|80||${mark}${index}.default.svc.cluster.local`)
const plain: NodeJson = { id: 'n', cluster: 'c' }

describe.each(modes)('a node, %s', (mode) => {
  test.each<[string, NodeJson, string]>([
    [
      'an id',
      { ...plain, id: 'i'.repeat(1025) },
      `node.id has 1025 characters: write at most 1024; it begins ${'i'.repeat(50)}… (1,025 characters)`,
    ],
    [
      'an id of megabytes',
      { ...plain, id: 'i'.repeat(15 * mebibyte) },
      'bytes without its extensions: 65536 are allowed; set less metadata in the bootstrap',
    ],
    [
      'metadata',
      { ...plain, metadata: { NOTE: 'm'.repeat(65 * kibibyte) } },
      'bytes without its extensions: 65536 are allowed; set less metadata in the bootstrap',
    ],
    [
      'a name of its cluster',
      { ...plain, cluster: 'm'.repeat(65 * kibibyte) },
      'bytes without its extensions: 65536 are allowed',
    ],
  ])('%s too large is refused, and nothing long is reported', async (_, given, details) => {
    const { connect, events, server } = await world(cluster('a'))
    const client = connect(mode, { node: given })
    client.subscribe('cluster')
    expect((await client.status()).details).toContain(details)
    expect(JSON.stringify(events).length).toBeLessThan(2_000)
    expect(server.clients()).toEqual([])
  })

  test('of an Envoy with thousands of extensions is taken, and kept without them', async () => {
    const { connect, server } = await world(cluster('a'))
    const extensions = Array.from({ length: 5_000 }, (_, index) => ({
      name: `envoy.extension.${index}`,
      category: 'envoy.filters.http',
    }))
    const client = connect(mode, {
      node: { ...plain, id: 'i'.repeat(1024), metadata: { NOTE: 'm'.repeat(60 * kibibyte) }, extensions },
    })
    client.subscribe('cluster')
    expect((await client.next()).names).toEqual(['a'])
    expect(server.clients()[0]?.node.length).toBeLessThan(64 * kibibyte)
  })
})

describe.each(modes)('a stream, %s', (mode) => {
  test('that makes the server remember too much is ended', async () => {
    const { connect } = await worldWith({ limits: { streamBytes: mebibyte } }, cluster('a'))
    const client = connect(mode)
    client.subscribe('endpoint', manyNames(3_000))
    if (mode === 'delta') expect((await client.next('endpoint')).removed).toHaveLength(3_000)
    client.ack('endpoint')
    await expectNothingMore(client)
    client.subscribe('route', manyNames(9_000))
    expect(await client.status()).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: expect.stringMatching(/^[23] MiB of names and versions on one stream: 1 MiB are allowed$/),
    })
  })

  test('is not charged for names that it has given up', async () => {
    const { connect, server } = await worldWith({ limits: { streamBytes: 3 * mebibyte } }, cluster('a'))
    const client = connect(mode)
    for (let each = 0; each < 5; each += 1) {
      client.subscribe('endpoint', manyNames(5_000, `${each}-`))
      if (mode === 'delta') await client.next('endpoint')
      client.ack('endpoint')
      client.unsubscribe('endpoint', client.names('endpoint'))
      await expectNothingMore(client)
    }
    expect(server.clients()).toHaveLength(1)
  })

  test('type URLs are cut where they are reported', async () => {
    const { connect, events } = await world(cluster('a'))
    const client = connect(mode)
    client.subscribe('cluster')
    await client.next()
    client.ack('cluster')
    for (let each = 0; each < 200; each += 1)
      client.send('cluster', { typeUrl: `${each}`.padEnd(100 * kibibyte, 'x') })
    await expectNothingMore(client)
    const reasons = events.flatMap((event) => (event.kind === 'refused' ? [event.reason] : []))
    expect(reasons).toHaveLength(100)
    expect(Math.max(...reasons.map(({ length }) => length))).toBeLessThan(400)
  })
})

describe('delta', () => {
  test('initial versions are counted', async () => {
    const { connect } = await worldWith({ limits: { names: 1_000 } }, cluster('a'))
    const versions = (count: number): Readonly<Record<string, string>> =>
      Object.fromEntries(manyNames(count).map((name) => [name, '1']))
    const honest = connect('delta')
    honest.send('cluster', { initialVersions: versions(1_000) })
    expect((await honest.next()).names).toEqual(['a'])
    const client = connect('delta')
    client.send('cluster', { initialVersions: versions(1_001) })
    expect(await client.status()).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: 'more than 1000 initial_resource_versions in one request',
    })
  })

  test('so are their bytes', async () => {
    const { connect } = await worldWith({ limits: { streamBytes: mebibyte } }, cluster('a'))
    const client = connect('delta')
    client.send('cluster', { initialVersions: { a: 'v'.repeat(2 * mebibyte) } })
    expect(await client.status()).toMatchObject({ code: status.RESOURCE_EXHAUSTED })
  })

  test('names that are to be answered while nothing is ACKed are counted together', async () => {
    const { connect } = await worldWith({ limits: { names: 1_000 } }, cluster('a'))
    const client = connect('delta')
    client.subscribe('cluster')
    await client.next()
    for (let each = 0; each < 3; each += 1)
      client.send('cluster', { unsubscribe: manyNames(900, `${each}-`) })
    expect(await client.status()).toMatchObject({ code: status.RESOURCE_EXHAUSTED })
  })
})

/** Each client shows its namespace in a header. */
const byHeader: Authenticate = async ({ authorization: [namespace = ''] }) => ({ name: namespace, namespace })

test(
  'when all streams together make the server remember too much, a stream of the namespace with most ' +
    'gives way',
  async () => {
    const { connect } = await worldWith(
      { limits: { rememberedBytes: 4 * mebibyte }, authenticate: byHeader },
      cluster('a'),
    )
    const proxy = (namespace: string): XdsClient =>
      connect('delta', {
        node: node({ role: 'gateway', namespace, labels: { app: 'edge' } }),
        headers: { authorization: namespace },
      })
    const bank = proxy('bank')
    bank.subscribe('cluster')
    await bank.next()
    bank.ack('cluster')
    const shop = [0, 1, 2, 3, 4, 5].map((each) => {
      const client = proxy('shop')
      client.subscribe('endpoint', manyNames(5_000, `${each}-`))
      return client
    })
    const ended = await Promise.race(shop.map((client) => client.status()))
    expect(ended).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: expect.stringContaining('this stream makes the control plane remember most of all'),
    })
    await expectNothingMore(bank)
  },
)

test('requests that never arrive whole are counted, too', async () => {
  const { address, connect, event } = await worldWith(
    { limits: { rememberedBytes: 4 * mebibyte } },
    cluster('a'),
  )
  const honest = connect('delta', { connection: 'own' })
  honest.subscribe('cluster')
  await honest.next()
  honest.ack('cluster')
  const session = connectHttp2(`http://${address}`)
  onTestFinished(() => {
    session.destroy()
  })
  const prefix = Buffer.alloc(5)
  prefix.writeUInt32BE(3 * mebibyte, 1)
  const statuses = [0, 1, 2].map(() => {
    const path = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources'
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    stream.on('error', () => {})
    stream.resume()
    stream.write(Buffer.concat([prefix, Buffer.alloc(2 * mebibyte)]))
    return new Promise((resolve) => {
      stream.on('response', (headers) => {
        if (headers['grpc-status'] !== undefined) resolve(headers['grpc-status'])
      })
    })
  })
  expect(String(await within(5_000, 'the end of a stream', Promise.race(statuses)))).toBe(
    String(status.RESOURCE_EXHAUSTED),
  )
  expect((await event('connected')).proxy.stream).toBe(1)
  await expectNothingMore(honest)
})

describe('a memory budget', () => {
  function budget(limit: number) {
    const memory = new MemoryBudget(limit)
    const ended: string[] = []
    return {
      memory,
      ended,
      open: (name: string, holder: string) =>
        memory.open({
          holder,
          giveWay: () => {
            ended.push(name)
          },
        }),
    }
  }

  test('counts what several streams keep once, and until the last of them is gone', () => {
    const { memory, ended, open } = budget(100)
    const list = { object: {}, bytes: 60 }
    const fleet = Array.from({ length: 50 }, (_, index) => open(`${index}`, 'balancer'))
    for (const account of fleet) account.keep([list])
    for (const account of fleet) account.keep([list])
    expect(memory.bytes).toBe(60)
    for (const account of fleet.slice(1)) account.close()
    expect(memory.bytes).toBe(60)
    fleet[0]?.keep([])
    expect({ bytes: memory.bytes, ended }).toEqual({ bytes: 0, ended: [] })
  })

  test('takes from the holder with most, even if another one asks', () => {
    const { memory, ended, open } = budget(100)
    open('shared 1', 'fleet').keep([{ object: memory, bytes: 30 }])
    open('shared 2', 'fleet').keep([{ object: memory, bytes: 30 }])
    open('large', 'attacker').keep([{ object: {}, bytes: 40 }])
    open('small', 'attacker').keep([{ object: {}, bytes: 20 }])
    open('newcomer', 'bank').keep([{ object: {}, bytes: 20 }])
    expect({ bytes: memory.bytes, ended }).toEqual({ bytes: 70, ended: ['large'] })
  })

  test('refuses what alone is too much, and forgets it', () => {
    const { memory, ended, open } = budget(100)
    const account = open('huge', 'a')
    account.keep([{ object: {}, bytes: 101 }])
    account.keep([{ object: {}, bytes: 1 }])
    account.close()
    expect({ bytes: memory.bytes, ended }).toEqual({ bytes: 0, ended: ['huge'] })
  })
})

describe('the text of a status', () => {
  test.each([1, 8, 20, 50])('about a value of %i KB reaches the client, with what to write', async (size) => {
    const { connect, event } = await world(cluster('a'))
    const client = connect('delta', {
      node: { ...plain, metadata: { LABELS: 'ü'.repeat((size * kibibyte) / 2) } },
    })
    client.subscribe('cluster')
    expect(await client.status()).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringMatching(/^metadata.LABELS is "ü+…: write an object/),
    })
    expect((await event('refused')).reason.length).toBeLessThan(1_025)
  })

  test('of another one is cut where the server writes it', async () => {
    const { connect } = await worldWith({
      authenticate: () => Promise.reject(new Error('because '.repeat(100_000))),
    })
    expect(await connect('delta').status()).toMatchObject({
      code: status.UNAVAILABLE,
      details: expect.stringMatching(/^it could not be found out who calls: .{500,1000}…$/),
    })
  })

  test('that has no end is cut, also within characters of several bytes', () => {
    expect(statusText('a'.repeat(2_000_000))).toBe(`${'a'.repeat(1015)}…`)
    for (const character of ['ü', '€', '😀', '\ud800', '\n', '%']) {
      const cut = statusText(character.repeat(5_000))
      expect(encodeURI(cut).length).toBeLessThanOrEqual(1024)
      expect(cut.length).toBeGreaterThan(80)
    }
    expect(statusText('short, with € and \ud800')).toBe('short, with € and \ufffd')
  })
})

describe.each(modes)('a NACK of 15 MiB, %s', (mode) => {
  test.each(['-----BEGIN A-----', 'x'])('of %j is taken as one', async (part) => {
    const { connect, event } = await world(cluster('a'))
    const client = connect(mode)
    client.subscribe('cluster')
    await client.next()
    const key =
      `-----BEGIN PRIVATE ` +
      `KEY-----\n${'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\n'.repeat(20)}-----END PRIVATE ` +
      `KEY-----\n`
    client.nack(
      'cluster',
      `${key}${part.repeat((15 * mebibyte) / part.length)}${key} Proto constraint validation failed: at ` +
        `the end`,
    )
    const { message } = await event('nacked')
    expect(message.length).toBeLessThan(40 * kibibyte)
    expect(message).not.toContain('MIIEvQ')
    expect(message).toContain('Proto constraint validation failed: at the end')
    await expectNothingMore(client)
  })
})
