import { describe, expect, test } from 'vitest'
import { backOffDelay } from '../src/clock.ts'
import { errorText } from '../src/errors.ts'

describe('the text of an error', () => {
  const refused = new Error('connect ECONNREFUSED 127.0.0.1:1')

  test.each([
    ['a message', new Error('broken'), 'broken'],
    ['with its cause', new Error('fetch failed', { cause: refused }), `fetch failed: ${refused.message}`],
    [
      'a cause that it repeats',
      new Error(`no answer: ${refused.message}`, { cause: refused }),
      `no answer: ${refused.message}`,
    ],
    ['no error at all', 'closed', 'closed'],
    ['an object', { code: 1 }, '{ code: 1 }'],
  ])('%s', (_, thrown, expected) => {
    expect(errorText(thrown)).toBe(expected)
  })

  test('a cause that is its own cause ends', () => {
    const round = new Error('round')
    round.cause = round
    expect(errorText(round)).toBe('round')
  })
})

describe('the wait after failures', () => {
  const pace = { first: 100, most: 1_000 }

  test.each([
    [0, 0, 50],
    [0, 0.5, 75],
    [1, 0, 100],
    [3, 0, 400],
    [9, 0, 500],
    [9, 0.99, 995],
  ])('%i failures, chance %d', (failures, chance, expected) => {
    expect(backOffDelay(failures, pace, chance)).toBeCloseTo(expected)
  })
})
