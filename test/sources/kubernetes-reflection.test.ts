import { describe, expect, test } from 'vitest'
import { ApiFailure, failureOf } from '../../src/kubernetes/failure.ts'
import { defaultBackOff, reflect, unread, waitsForServer } from '../../src/sources/cluster/reflection.ts'
import type { Item, Reflection, ReflectionEvent } from '../../src/sources/cluster/reflection.ts'

const pace = { chance: 1, backOff: defaultBackOff }
const [a, b] = [{ key: 'a' }, { key: 'b' }]

/** The state after the events, and the commands of the last one. */
function after(...events: readonly ReflectionEvent<Item>[]): ReturnType<typeof reflect<Item>> {
  return events.reduce<ReturnType<typeof reflect<Item>>>(
    ({ state }, event) => reflect<Item>(state, event, pace),
    { state: unread, commands: [] },
  )
}

const start = { kind: 'start' } as const
const listed = { kind: 'page', items: [a], next: undefined, version: '7' } as const
const gone = { kind: 'failed', failure: new ApiFailure('410: too old', { status: 410 }) } as const
const refused = { kind: 'failed', failure: new ApiFailure('connect ECONNREFUSED') } as const

describe('one kind of the API', () => {
  test('is listed page by page, and then watched from the version of the list', () => {
    expect(after(start).commands).toEqual([{ kind: 'list', limit: 500, next: undefined }])
    expect(after(start, { ...listed, next: 'n' }).commands).toEqual([{ kind: 'list', limit: 500, next: 'n' }])
    const { state, commands } = after(start, { ...listed, next: 'n' }, { ...listed, items: [b] })
    expect(commands).toEqual([
      { kind: 'replace', items: [a, b] },
      { kind: 'watch', version: '7' },
    ])
    expect(state).toMatchObject({ phase: 'watching', synced: true, pages: [] })
  })

  test.each<readonly [string, ReflectionEvent<Item>, string]>([
    ['an object', { kind: 'set', item: b, version: '8' }, '8'],
    ['a deleted one', { kind: 'delete', item: a, version: '9' }, '9'],
    ['a bookmark', { kind: 'bookmark', version: '10' }, '10'],
  ])('is watched again from where %s was', (_, event, version) => {
    expect(after(start, listed, event, { kind: 'ended' }, { kind: 'waited' }).commands).toEqual([
      { kind: 'watch', version },
    ])
  })

  test('is listed again after 410, whatever it had, and keeps what it holds until then', () => {
    const { state, commands } = after(start, listed, gone)
    expect(commands).toEqual([{ kind: 'wait', milliseconds: 0 }])
    expect(state).toMatchObject({ synced: true, failure: undefined })
    expect(after(start, listed, gone, { kind: 'waited' }).commands).toEqual([
      { kind: 'list', limit: 500, next: undefined },
    ])
  })

  test('is listed at once also after an outage, and ever more slowly where lists do not help', () => {
    const back = [refused, { kind: 'waited' }, { kind: 'checked', version: '7' }, { kind: 'open' }] as const
    expect(after(start, listed, ...Array.from({ length: 9 }, () => back).flat(), gone).commands).toEqual([
      { kind: 'wait', milliseconds: 0 },
    ])
    const waits = [1, 2, 3, 20].map(
      (times) =>
        after(
          start,
          listed,
          ...Array.from({ length: times - 1 }, () => [gone, { kind: 'waited' }, listed] as const).flat(),
          gone,
        ).commands,
    )
    expect(waits).toEqual([0, 200, 400, 20_000].map((milliseconds) => [{ kind: 'wait', milliseconds }]))
    expect(
      after(start, listed, gone, { kind: 'waited' }, listed, { kind: 'bookmark', version: '8' }, gone)
        .commands,
    ).toEqual([{ kind: 'wait', milliseconds: 0 }])
  })

  test('is listed in one piece when pages have expired under way', () => {
    expect(after(start, { ...listed, next: 'n' }, gone, { kind: 'waited' }).commands).toEqual([
      { kind: 'list', limit: undefined, next: undefined },
    ])
  })

  test('goes on with the page that failed', () => {
    expect(after(start, { ...listed, next: 'n' }, refused, { kind: 'waited' }).commands).toEqual([
      { kind: 'list', limit: 500, next: 'n' },
    ])
  })

  test('waits longer with each failure, up to a cap, and not more than the server asks for', () => {
    const waits = (failure: ReflectionEvent<Item>, times: number): number => {
      const wait = after(start, ...Array.from({ length: times }, () => failure)).commands.find(
        ({ kind }) => kind === 'wait',
      )
      return wait?.kind === 'wait' ? wait.milliseconds : Number.NaN
    }
    expect([1, 2, 3, 10].map((times) => waits(refused, times))).toEqual([200, 400, 800, 3_000])
    expect(
      [1, 10].map((times) =>
        waits({ kind: 'failed', failure: new ApiFailure('500', { status: 500 }) }, times),
      ),
    ).toEqual([200, 20_000])
    expect(waits({ kind: 'failed', failure: failureOf({ code: 429, message: 'busy' }, 429, '2') }, 5)).toBe(
      3_000,
    )
  })

  test('is missing after 404, and is listed from the start then', () => {
    const { state, commands } = after(start, listed, {
      kind: 'failed',
      failure: new ApiFailure('404: no', { status: 404 }),
    })
    expect(commands.map(({ kind }) => kind)).toEqual(['missing', 'wait'])
    expect(state.version).toBeUndefined()
  })

  test('does not fail by being quiet; who ends every watch at once is not asked in a storm', () => {
    const quiet = after(
      start,
      listed,
      ...Array.from(
        { length: 9 },
        () => [{ kind: 'quiet' }, { kind: 'waited' }, { kind: 'checked', version: '7' }] as const,
      ).flat(),
    )
    expect(quiet.state).toMatchObject({ failures: 0, phase: 'watching' })
    const ended = after(
      start,
      listed,
      ...Array.from({ length: 9 }, () => [{ kind: 'ended' }, { kind: 'waited' }] as const).flat(),
      { kind: 'ended' },
    )
    expect(ended.commands).toEqual([{ kind: 'wait', milliseconds: 20_000 }])
  })

  test('is well again when the server accepts a watch', () => {
    const failing: Reflection<Item> = after(start, listed, refused).state
    expect(waitsForServer(failing)).toBe(true)
    expect(
      after(start, listed, refused, { kind: 'waited' }, { kind: 'checked', version: '7' }, { kind: 'open' })
        .state.failure,
    ).toBeUndefined()
  })

  test.each<readonly [string, ReflectionEvent<Item>]>([
    ['was away', refused],
    ['was silent', { kind: 'quiet' }],
    ['failed', { kind: 'failed', failure: new ApiFailure('500', { status: 500 }) }],
  ])('asks a server that %s how far it is, and lists again where it has gone back', (_, event) => {
    const asked = after(start, listed, event, { kind: 'waited' })
    expect(asked.commands).toEqual([{ kind: 'check' }])
    const then = (version: string) => reflect(asked.state, { kind: 'checked', version }, pace).commands
    expect(['7', '10', 'opaque'].map(then)).toEqual(
      Array.from({ length: 3 }, () => [{ kind: 'watch', version: '7' }]),
    )
    expect(then('6')).toEqual([{ kind: 'list', limit: 500, next: undefined }])
  })

  test('asks a server that refuses nothing but watches no more often than it watches', () => {
    const round = [
      { kind: 'failed', failure: new ApiFailure('500', { status: 500 }) },
      { kind: 'waited' },
      { kind: 'checked', version: '7' },
    ] as const
    expect(after(start, listed, ...Array.from({ length: 9 }, () => round).flat(), round[0]).commands).toEqual(
      [{ kind: 'wait', milliseconds: 20_000 }],
    )
  })
})
