import { Client, credentials, status } from '@grpc/grpc-js'
import { describe, expect, onTestFinished, test } from 'vitest'
import { decode, encode } from '../../src/xds/proto.ts'
import type { Message } from '../../src/xds/proto.ts'
import { within } from '../support/within.ts'
import { plane, reviews, sidecarId } from './plane.ts'
import type { Plane } from './plane.ts'

type Request = Message<'envoy.service.status.v3.ClientStatusRequest'>
type Answer = Message<'envoy.service.status.v3.ClientStatusResponse'>
type Config = NonNullable<NonNullable<NonNullable<Answer['config']>[number]['generic_xds_configs']>[number]>

const service = '/envoy.service.status.v3.ClientStatusDiscoveryService'
const pass = (bytes: Buffer): Buffer => bytes

function connected(address: string): Client {
  const client = new Client(address, credentials.createInsecure())
  onTestFinished(() => client.close())
  return client
}

function fetchStatus(running: Plane, request: Request): Promise<Answer> {
  const bytes = encode('envoy.service.status.v3.ClientStatusRequest', request)
  return within(
    5_000,
    'FetchClientStatus',
    new Promise((resolve, reject) => {
      connected(running.xdsAddress).makeUnaryRequest(
        `${service}/FetchClientStatus`,
        pass,
        pass,
        bytes,
        (error, answer) => {
          if (error !== null || answer === undefined) reject(error ?? new Error('no answer'))
          else resolve(decode('envoy.service.status.v3.ClientStatusResponse', answer))
        },
      )
    }),
  )
}

/** `type name` → its status, of the only client. */
function byName(answer: Answer): ReadonlyMap<string, Config> {
  expect(answer.config).toHaveLength(1)
  const configs = answer.config?.[0]?.generic_xds_configs ?? []
  return new Map(configs.map((config) => [`${config.type_url?.split('.').at(-1)} ${config.name}`, config]))
}

const exact = (id: string): Request => ({ node_matchers: [{ node_id: { exact: id } }] })
const cluster = 'Cluster outbound|80||reviews.default.svc.cluster.local'
const a = sidecarId('a')

describe('client status discovery', () => {
  test('what was ACKed is SYNCED, with its node and contents', async () => {
    const running = await plane({ 'reviews.yaml': reviews })
    await running.proxy(a, 'sotw')
    await running.event('acked', ({ type }) => type === 'route')
    const answer = await fetchStatus(running, {})
    expect(answer.config?.[0]?.node).toMatchObject({ id: a, cluster: 'test' })
    const configs = byName(answer)
    expect(configs.get(cluster)).toMatchObject({
      type_url: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
      version_info: expect.stringMatching(/^[0-9a-f]{16}$/),
      config_status: 'SYNCED',
      client_status: 'ACKED',
      xds_config: {
        '@type': 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
        name: 'outbound|80||reviews.default.svc.cluster.local',
      },
    })
    expect(configs.get('RouteConfiguration 80')).toMatchObject({ config_status: 'SYNCED' })
    expect([...configs.values()].filter(({ error_state: error }) => error !== undefined)).toEqual([])
  })

  test('what is unanswered is STALE, and what was not asked for is NOT_SENT', async () => {
    const running = await plane({ 'reviews.yaml': reviews })
    const client = running.client(a, 'delta')
    client.subscribe('cluster')
    await client.next('cluster')
    const configs = byName(await fetchStatus(running, {}))
    expect(configs.get(cluster)).toMatchObject({ config_status: 'STALE', client_status: 'REQUESTED' })
    expect(configs.get('Listener 127.0.0.1_80')).toMatchObject({ config_status: 'NOT_SENT' })
  })

  test('what was refused is an ERROR, with what the client said and the version', async () => {
    const running = await plane({ 'reviews.yaml': reviews })
    const client = running.client(a, 'delta')
    client.subscribe('listener')
    await client.next('listener')
    client.nack('listener', 'no such filter')
    await running.event('nacked')
    const refused = byName(await fetchStatus(running, {})).get('Listener 127.0.0.1_80')
    expect(refused).toMatchObject({
      config_status: 'ERROR',
      client_status: 'NACKED',
      xds_config: { name: '127.0.0.1_80' },
      error_state: {
        details: 'no such filter',
        version_info: refused?.version_info,
        last_update_attempt: expect.stringMatching(/Z$/),
      },
    })
  })

  test('what does not exist, and was asked for, is said to be absent', async () => {
    const running = await plane({ 'reviews.yaml': reviews })
    const client = running.client(a, 'delta')
    client.subscribe('route', ['nowhere'])
    expect((await client.next('route')).removed).toEqual(['nowhere'])
    client.ack('route')
    await running.event('acked')
    const configs = byName(await fetchStatus(running, {}))
    expect(configs.get('RouteConfiguration nowhere')).toMatchObject({
      config_status: 'SYNCED',
      client_status: 'DOES_NOT_EXIST',
    })
    expect(configs.get('RouteConfiguration 80')).toMatchObject({ config_status: 'NOT_SENT' })
  })

  test('exclude_resource_contents leaves the contents out', async () => {
    const running = await plane({ 'reviews.yaml': reviews })
    await running.proxy(a, 'delta')
    const configs = [...byName(await fetchStatus(running, { exclude_resource_contents: true })).values()]
    expect(configs.length).toBeGreaterThan(3)
    expect(configs.filter((config) => config.xds_config !== undefined)).toEqual([])
  })

  test.each([
    { matcher: { exact: a }, found: [a] },
    { matcher: { prefix: 'sidecar~127' }, found: [a, sidecarId('b')] },
    { matcher: { suffix: '~b.default~default.svc.cluster.local' }, found: [sidecarId('b')] },
    { matcher: { contains: '~B.', ignore_case: true }, found: [sidecarId('b')] },
    { matcher: { contains: '~B.' }, found: [] },
  ])('a node id is matched by $matcher', async ({ matcher, found }) => {
    const running = await plane({ 'reviews.yaml': reviews })
    await Promise.all([running.proxy(a, 'delta'), running.proxy(sidecarId('b'), 'sotw')])
    const answer = await fetchStatus(running, {
      node_matchers: [{ node_id: matcher }, { node_id: { exact: 'nobody' } }],
    })
    expect((answer.config ?? []).map(({ node }) => node?.id ?? '').toSorted()).toEqual(found)
  })

  test.each([
    {
      request: { node_matchers: [{ node_id: { safe_regex: { regex: '.*' } } }] },
      says: 'node_id takes exact, prefix, suffix or contains',
    },
    {
      request: {
        node_matchers: [
          {
            node_metadatas: [{ path: [{ key: 'NAMESPACE' }], value: { string_match: { exact: 'default' } } }],
          },
        ],
      },
      says: 'node_metadatas is not supported',
    },
  ])('what is not supported is a clear INVALID_ARGUMENT: $says', async ({ request, says }) => {
    const running = await plane({})
    await expect(fetchStatus(running, request)).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining(says),
    })
  })

  test('a stream answers each request, and ends with the client', async () => {
    const running = await plane({ 'reviews.yaml': reviews })
    const call = connected(running.xdsAddress).makeBidiStreamRequest(
      `${service}/StreamClientStatus`,
      pass,
      pass,
    )
    call.on('error', () => undefined)
    const answers: Answer[] = []
    const waiting = Promise.withResolvers<undefined>()
    call.on('data', (bytes: Buffer) => {
      answers.push(decode('envoy.service.status.v3.ClientStatusResponse', bytes))
      if (answers.length === 2) waiting.resolve(undefined)
    })
    const ended = new Promise<number>((resolve) => call.on('status', ({ code }) => resolve(code)))
    call.write(encode('envoy.service.status.v3.ClientStatusRequest', {}))
    await running.proxy(a, 'delta')
    call.write(encode('envoy.service.status.v3.ClientStatusRequest', exact(a)))
    await within(5_000, 'two answers', waiting.promise)
    expect(answers.map(({ config = [] }) => config.length)).toEqual([0, 1])
    call.end()
    expect(await within(5_000, 'the end', ended)).toBe(status.OK)
  })

  test('bytes that are no request end a stream with INVALID_ARGUMENT', async () => {
    const running = await plane({})
    const call = connected(running.xdsAddress).makeBidiStreamRequest(
      `${service}/StreamClientStatus`,
      pass,
      pass,
    )
    call.on('error', () => undefined)
    call.on('data', () => undefined)
    const ended = new Promise<number>((resolve) => call.on('status', ({ code }) => resolve(code)))
    call.write(Buffer.from([0xff]))
    expect(await within(5_000, 'the end', ended)).toBe(status.INVALID_ARGUMENT)
  })
})
