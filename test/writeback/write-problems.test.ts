import { expect, test } from 'vitest'
import { ApiFailure } from '../../src/kubernetes/failure.ts'
import { outcomeOf, WriteProblems } from '../../src/writeback/write-problems.ts'

function recorded(): { readonly problems: WriteProblems; readonly told: (string | undefined)[] } {
  const told: (string | undefined)[] = []
  return {
    problems: new WriteProblems((reason) => {
      told.push(reason)
    }),
    told,
  }
}

test('of several problems the first is told, and their end when the last is over', () => {
  const { problems, told } = recorded()
  problems.note('a', 'first')
  problems.note('b', 'second')
  problems.note('a', undefined)
  problems.note('c', undefined)
  expect(told).toEqual(['first'])
  problems.note('b', undefined)
  expect(told).toEqual(['first', undefined])
})

test('who writes no more has no trouble with it, but with the Lease', () => {
  const { problems, told } = recorded()
  problems.note('a', 'of a status')
  problems.keep('Lease')
  problems.note('Lease', 'of the Lease')
  problems.note('a', 'of a status')
  problems.keep('Lease')
  expect(told).toEqual(['of a status', undefined, 'of the Lease'])
})

test.each([
  [new ApiFailure('503', { status: 503 }), 'later'],
  [new ApiFailure('409', { status: 409 }), 'later'],
  [new ApiFailure('403', { status: 403 }), 'later'],
  [new ApiFailure('the connection broke'), 'later'],
  [new ApiFailure('422', { status: 422 }), 'done'],
  [new ApiFailure('404', { status: 404 }), 'done'],
  [new TypeError('a mistake of ours'), 'done'],
] as const)('after "%s" it is tried again: %s', (thrown, outcome) => {
  expect(outcomeOf(thrown)).toBe(outcome)
})
