import { expect, test } from 'vitest'
import { dialects } from '../../src/dialects/index.ts'
import { dialectNames } from './dialect.ts'

test('features are written in every dialect there is', () => {
  expect(dialects.map(({ name }) => name).filter((name) => name !== 'kubernetes')).toEqual([...dialectNames])
})
