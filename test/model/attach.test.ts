import { describe, expect, test } from 'vitest'
import type { ObjectId } from '../../src/diagnostics/diagnostic.ts'
import {
  attach,
  attachKeys,
  attachToAll,
  attachToHost,
  attachToObject,
  unattached,
} from '../../src/model/attach.ts'
import type { AttachKey, Attachment } from '../../src/model/attach.ts'
import { everyRequest } from '../../src/model/fraction.ts'
import type { Mirror } from '../../src/model/mirror.ts'
import { noHeaderChanges } from '../../src/model/route.ts'
import type { Action, Forward, Route, RouteTable } from '../../src/model/route.ts'

const routeObject: ObjectId = { group: 'g', kind: 'HTTPRoute', namespace: 'default', name: 'shop' }
const optionObject: ObjectId = { group: 'g', kind: 'RouteOption', namespace: 'default', name: 'option' }

const forward: Forward = {
  kind: 'forward',
  destinations: [],
  mirrors: [],
  timeout: 0,
  retry: 'default',
  rewrite: { explicit: false },
}

function routeOf(fields: Partial<Route> = {}): Route {
  return {
    name: '',
    match: {
      path: { kind: 'prefix', value: '/' },
      caseSensitive: undefined,
      headers: [],
      queryParameters: [],
    },
    applies: {},
    action: forward,
    headers: noHeaderChanges,
    fault: undefined,
    cors: undefined,
    statPrefix: undefined,
    metadata: { namespace: '', config: '' },
    origin: { object: routeObject, path: ['spec'] },
    ...fields,
  }
}

function tableOf(...routes: readonly Route[]): RouteTable {
  const origin = { object: routeObject, path: ['spec'] }
  return {
    namespace: 'default',
    name: 'shop',
    hosts: [{ host: 'shop.example', origin }],
    attachedTo: [],
    visibility: 'everywhere',
    order: '',
    routes,
    origin,
  }
}

function mirrorTo(host: string): Mirror {
  const origin = { object: optionObject, path: ['spec', host] }
  return {
    backend: { host, port: undefined, subset: undefined, origin },
    fraction: everyRequest,
    runtimeKey: host,
    host: { kind: 'suffix' },
    cluster: 'shared',
    limits: {
      maxStreamDuration: 1,
      maxConnections: 1,
      maxPendingRequests: 1,
      maxRequests: 1,
      maxBody: 1,
      connectionBuffer: 1,
      outlierDetection: 'off',
    },
    origin,
  }
}

function to(target: AttachKey, fields: Partial<Attachment> = {}): Attachment {
  return { target, order: '', origin: { object: optionObject, path: ['spec'] }, ...fields }
}

function attached(table: RouteTable, attachments: readonly Attachment[]) {
  const { table: result, diagnostics } = attach(table, (key) =>
    attachments.filter(({ target }) => target === key),
  )
  const mirrored = (action: Action): readonly string[] =>
    action.kind === 'forward' ? action.mirrors.map(({ backend }) => backend.host) : []
  return {
    routes: result.routes,
    mirrors: result.routes.map(({ action }) => mirrored(action)),
    codes: diagnostics.map(({ code }) => code),
  }
}

describe('a mirror is attached', () => {
  test.each([
    ['to every route', attachToAll, [['a'], ['a']]],
    ['to a host', attachToHost('SHOP.example'), [['a'], ['a']]],
    ['to an object', attachToObject(routeObject), [['a'], ['a']]],
    ['to a rule by its name', attachToObject(routeObject, 'one'), [['a'], []]],
    ['to the routes that name its object', attachToObject(optionObject), [[], ['a']]],
    ['to nothing that is there', attachToHost('other.example'), [[], []]],
  ])('%s', (_, target, mirrors) => {
    const table = tableOf(routeOf({ name: 'one' }), routeOf({ attachTo: [attachToObject(optionObject)] }))
    expect(attached(table, [to(target, { mirror: mirrorTo('a') })]).mirrors).toEqual(mirrors)
    expect(target === attachToAll || attachKeys(table).has(target)).toBe(mirrors.flat().length > 0)
  })

  test('until the route has sixteen: the seventeenth is where it says so', () => {
    const own = Array.from({ length: 10 }, (_, index) => mirrorTo(`own${index}`))
    const attachments = Array.from({ length: 10_000 }, (_, index) =>
      to(attachToAll, { order: `${index}`.padStart(5, '0'), mirror: mirrorTo(`a${index}`) }),
    )
    const { table, diagnostics } = attach(
      tableOf(routeOf({ action: { ...forward, mirrors: own } })),
      (key) => (key === attachToAll ? attachments : []),
    )
    const { action } = table.routes[0] ?? routeOf()
    expect(action.kind === 'forward' && action.mirrors.map(({ backend }) => backend.host)).toEqual([
      ...own.map(({ backend }) => backend.host),
      'a0',
      'a1',
      'a2',
      'a3',
      'a4',
      'a5',
    ])
    expect(diagnostics.map(({ code, origin }) => [code, origin?.path])).toEqual([
      ['mirror/too-many', ['spec', 'a6']],
    ])
    const alone = attach(
      tableOf(routeOf({ action: { ...forward, mirrors: Array.from({ length: 17 }, () => mirrorTo('b')) } })),
      () => [],
    )
    expect(alone.diagnostics.map(({ code }) => code)).toEqual(['mirror/too-many'])
  })

  test('behind those of the route, in order', () => {
    const table = tableOf(routeOf({ action: { ...forward, mirrors: [mirrorTo('own')] } }))
    expect(
      attached(table, [
        to(attachToAll, { mirror: mirrorTo('b'), order: '2' }),
        to(attachToAll, { mirror: mirrorTo('a'), order: '1' }),
      ]).mirrors,
    ).toEqual([['own', 'a', 'b']])
  })

  test('once of those that name one word, and not at all where the first of them has none', () => {
    const first = to(attachToAll, { mirror: mirrorTo('a'), order: '1', oneOf: 'x' })
    const second = to(attachToAll, { mirror: mirrorTo('b'), order: '2', oneOf: 'x' })
    expect(attached(tableOf(routeOf()), [second, first]).mirrors).toEqual([['a']])
    expect(
      attached(tableOf(routeOf()), [second, to(attachToAll, { order: '0', oneOf: 'x' })]).mirrors,
    ).toEqual([[]])
  })

  test('to what answers itself is a mistake, unless it is meant for what forwards', () => {
    const table = tableOf(routeOf({ action: { kind: 'direct-response', status: 404, body: undefined } }))
    expect(attached(table, [to(attachToAll, { mirror: mirrorTo('a') })]).codes).toEqual([
      'mirror/without-forward',
    ])
    expect(attached(table, [to(attachToAll, { mirror: mirrorTo('a'), among: 'forwards' })]).codes).toEqual([])
  })
})

describe('settings are attached', () => {
  const header = (name: string, value: string) => ({
    request: { set: { [name]: value }, add: {}, remove: [] },
    response: { set: {}, add: {}, remove: [] },
  })

  test('where the route says nothing, and of several the first', () => {
    const { routes } = attached(tableOf(routeOf(), routeOf({ action: { ...forward, timeout: 5 } })), [
      to(attachToAll, { order: '2', settings: { timeout: 2, retry: 'never', rewrite: { prefix: '/b' } } }),
      to(attachToAll, { order: '1', settings: { timeout: 1, rewrite: { authority: 'a' } } }),
    ])
    expect(routes.map(({ action }) => action)).toMatchObject([
      { timeout: 1, retry: 'never', rewrite: { prefix: '/b', authority: 'a', explicit: true } },
      { timeout: 5, retry: 'never', rewrite: { prefix: '/b', authority: 'a' } },
    ])
  })

  test('but for no timeout, where that is asked for', () => {
    const { routes } = attached(
      tableOf(routeOf({ action: { ...forward, noTimeout: { object: routeObject, path: [] } } })),
      [to(attachToAll, { settings: { timeout: 2 } })],
    )
    expect(routes[0]?.action).toMatchObject({ timeout: 0 })
  })

  test('header by header', () => {
    const { routes } = attached(tableOf(routeOf({ headers: header('X', 'own') })), [
      to(attachToAll, { settings: { headers: header('x', 'theirs') } }),
      to(attachToAll, { settings: { headers: header('y', 'theirs') } }),
    ])
    expect(routes[0]?.headers.request.set).toEqual({ X: 'own', y: 'theirs' })
  })
})

test('an attachment that finds no route says what that costs', () => {
  expect(unattached(to(attachToHost('a'), { mirror: mirrorTo('a') })).message).toContain(
    'so nothing is mirrored',
  )
  expect(unattached(to(attachToHost('a'))).message).toContain('so it has no effect')
})
