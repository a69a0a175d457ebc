import { request } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { within } from '../support/within.ts'
import { plane, reviews, sidecarId } from './plane.ts'
import type { Plane } from './plane.ts'

interface Tap {
  readonly id: string
  readonly target: string
  readonly recorder: string
}

interface Event {
  readonly received: string
  readonly dropped: string
  readonly standing?: {
    readonly routes?: number
    readonly proxies?: number
    readonly inSync?: number
    readonly findings?: readonly string[]
  }
  readonly request?: {
    readonly method: string
    readonly url: string
    readonly body?: string
    readonly headers: readonly { readonly name: string; readonly value: string }[]
  }
  readonly ended?: string
}

const json = { 'content-type': 'application/json' }

async function create(running: Plane, fields: object = {}): Promise<Tap> {
  const response = await running.ask('/v1/taps', {
    method: 'POST',
    body: JSON.stringify(fields),
    headers: json,
  })
  expect(response.status).toBe(200)
  return response.json() as Promise<Tap>
}

async function problem(running: Plane, path: string, init: RequestInit = {}): Promise<string> {
  const response = await running.ask(path, init)
  const { code, message } = (await response.json()) as { readonly code: number; readonly message: string }
  return `${response.status} ${code} ${message}`
}

/** Events of a tap, one by one. */
async function watch(
  running: Plane,
  { id }: Tap,
): Promise<{ next(): Promise<Event | undefined>; leave(): void }> {
  const leaving = new AbortController()
  onTestFinished(() => leaving.abort())
  const response = await running.ask(`/v1/taps/${id}/events`, { signal: leaving.signal })
  expect(response.headers.get('content-type')).toBe('application/x-ndjson')
  const reader = (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  return {
    async next() {
      while (!text.includes('\n')) {
        const { done, value } = await within(10_000, 'an event', reader.read())
        if (done) return undefined
        text += value
      }
      const line = text.slice(0, text.indexOf('\n'))
      text = text.slice(line.length + 1)
      return JSON.parse(line) as Event
    },
    leave: () => leaving.abort(),
  }
}

function send(recorder: string, path: string, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    request(`http://${recorder}${path}`, { method: 'POST' }, (response) =>
      response.resume().once('end', resolve),
    )
      .once('error', reject)
      .end(body)
  })
}

describe('a tap, as JSON over HTTP', () => {
  test('mirrors the routes of an object to a recorder, and streams what arrives there', async () => {
    const running = await plane({ 'reviews.yaml': reviews })
    const proxy = await running.proxy(sidecarId('a'), 'delta')
    const tap = await create(running, { route: 'virtualservice/default/reviews', percent: 50 })
    expect(tap).toEqual({
      id: expect.stringMatching(/^[\da-f]{8}$/),
      target: 'VirtualService default/reviews',
      percent: 50,
      bodyLimit: 1_048_576,
      leaseSeconds: 30,
      expires: expect.stringMatching(/^\d{4}-.*Z$/),
      recorder: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    })
    const events = await watch(running, tap)
    let standing = await events.next()
    while (standing?.standing?.inSync !== 1) standing = await events.next()
    expect(standing.standing).toMatchObject({ routes: 1, proxies: 1, inSync: 1, findings: [] })
    const held = JSON.stringify([...proxy.held('route').values(), ...proxy.held('virtual-host').values()])
    expect(held).toContain(
      `"cluster":"outbound|80||tap-${tap.id}.default.tap.shadowplane.io",` +
        `"runtime_fraction":{"default_value":{"numerator":500000,"denominator":"MILLION"}`,
    )
    expect(held).toContain('"disable_shadow_host_suffix_append":true')
    expect(JSON.stringify([...proxy.held('endpoint').values()])).toContain(
      `"port_value":${tap.recorder.split(':')[1]}`,
    )

    await send(tap.recorder, '/a?b', 'x=1')
    const event = await events.next()
    expect(event).toMatchObject({
      received: '1',
      dropped: '0',
      request: { method: 'POST', url: '/a?b', body: Buffer.from('x=1').toString('base64'), bodyLength: '3' },
    })
    expect(event?.request?.headers[0]).toEqual({ name: 'Host', value: tap.recorder })

    expect(await (await running.ask(`/v1/taps/${tap.id}`, { method: 'DELETE' })).json()).toMatchObject({
      id: tap.id,
    })
    expect(await events.next()).toMatchObject({ received: '1', ended: 'a client ended it' })
    expect(await events.next()).toBeUndefined()
    await proxy.until(
      'no mirror',
      (each) =>
        !JSON.stringify([...each.held('route').values(), ...each.held('virtual-host').values()]).includes(
          'shadowplane.io',
        ),
    )
    expect(await (await running.ask('/v1/taps')).json()).toEqual({})
  })

  test('says that nothing is there to mirror', async () => {
    const running = await plane({ 'reviews.yaml': reviews })
    const events = await watch(running, await create(running, { host: 'elsewhere.example' }))
    expect((await events.next())?.standing).toMatchObject({
      findings: [expect.stringMatching(/mirror\/attached-to-nothing.*Tap default\/tap-/)],
    })
  })

  test('takes a host as the routes write it, or the name of a Service, or everything', async () => {
    const running = await plane({ 'reviews.yaml': reviews })
    for (const target of [{ host: 'reviews' }, { host: 'reviews.default.svc.cluster.local' }, {}]) {
      const tap = await create(running, target)
      const events = await watch(running, tap)
      expect((await events.next())?.standing).toMatchObject({ routes: 1 })
      events.leave()
    }
  })

  test('ends with its watcher', async () => {
    const running = await plane({ 'reviews.yaml': reviews })
    const proxy = await running.proxy(sidecarId('a'), 'delta')
    const tap = await create(running)
    const events = await watch(running, tap)
    await events.next()
    events.leave()
    await proxy.until(
      'no mirror',
      (each) => !JSON.stringify([...each.held('cluster').keys()]).includes(tap.id),
    )
    expect(await problem(running, `/v1/taps/${tap.id}/renew`, { method: 'POST' })).toMatch(
      /^404 5 there is no tap/,
    )
  })

  test('ends with its lease, which can be renewed', async () => {
    const running = await plane({ 'reviews.yaml': reviews })
    const tap = await create(running, { leaseSeconds: 1 })
    const events = await watch(running, tap)
    await events.next()
    const renewed = await running.ask(`/v1/taps/${tap.id}/renew`, { method: 'POST' })
    expect(await renewed.json()).toMatchObject({ id: tap.id, leaseSeconds: 1 })
    expect(await events.next()).toMatchObject({ ended: 'its lease was not renewed' })
  })

  test('has one watcher', async () => {
    const running = await plane({ 'reviews.yaml': reviews })
    const tap = await create(running)
    const events = await watch(running, tap)
    await events.next()
    expect(await problem(running, `/v1/taps/${tap.id}/events`)).toMatch(/^409 9 tap \w+ is watched already/)
  })

  test('at most eight are open', async () => {
    const running = await plane({ 'reviews.yaml': reviews })
    await Promise.all(Array.from({ length: 8 }, () => create(running)))
    expect(await problem(running, '/v1/taps', { method: 'POST' })).toBe(
      '429 8 8 taps are open, which is the limit',
    )
    const { taps } = (await (await running.ask('/v1/taps')).json()) as { readonly taps: readonly Tap[] }
    expect(new Set(taps.map(({ id }) => id)).size).toBe(8)
  })
})

describe('what is asked wrong is said', () => {
  test.each([
    { fields: { route: 'reviews' }, says: '400 3 route "reviews": write kind/namespace/name' },
    {
      fields: { route: 'VirtualService/default/review' },
      says: '404 5 there is no VirtualService default/review: did you mean default/reviews?',
    },
    {
      fields: { route: 'Route/default/review' },
      says: '404 5 there is no Route default/review, nor any other one',
    },
    { fields: { host: 'a b' }, says: '400 3 host "a b": write a host' },
    { fields: { percent: 150 }, says: '400 3 percent 150: write a percentage from 0.0001 to 100' },
    { fields: { percent: 0 }, says: '400 3 percent 0' },
    { fields: { percent: 'all' }, says: '400 3 the request is not a valid CreateTapRequest' },
    { fields: { rout: 'x' }, says: '400 3 the request is not a valid CreateTapRequest' },
    { fields: { route: 'a/b/c', host: 'a' }, says: '400 3 the request is not a valid CreateTapRequest' },
    { fields: { bodyLimit: 17 * 1024 * 1024 }, says: '400 3 bodyLimit 17825792: at most 16777216' },
    { fields: { leaseSeconds: 301 }, says: '400 3 leaseSeconds 301: write 1 to 300' },
  ])('$fields', async ({ fields, says }) => {
    expect(
      await problem(await plane({ 'reviews.yaml': reviews }), '/v1/taps', {
        method: 'POST',
        body: JSON.stringify(fields),
        headers: json,
      }),
    ).toContain(says)
  })

  test('paths, verbs and bodies', async () => {
    const running = await plane({ 'reviews.yaml': reviews })
    expect(await problem(running, '/v1/tap')).toMatch(
      /^404 5 no such path: \/v1\/tap; there are POST \/v1\/taps,/,
    )
    expect(await problem(running, '/v1/taps', { method: 'PUT' })).toBe(
      '400 3 PUT is not answered here: use POST or GET',
    )
    expect(await problem(running, '/v1/taps', { method: 'POST', body: '{}' })).toBe(
      '400 3 a body must be JSON: send content-type: application/json',
    )
    expect(await problem(running, '/v1/taps', { method: 'POST', body: '[', headers: json })).toMatch(
      /^400 3 the body is not JSON/,
    )
    expect(await problem(running, '/v1/taps', { method: 'POST', body: '[]', headers: json })).toBe(
      '400 3 the body must be a JSON object',
    )
    expect(await problem(running, '/v1/taps/%zz', { method: 'DELETE' })).toMatch(/^400 3/)
  })
})
