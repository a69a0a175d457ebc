import { expect, test } from 'vitest'
import { dialects } from '../../src/dialects/index.ts'
import { dialectNames } from './dialect.ts'

/** The common objects of all features, and those that `tap` gives to its own control plane. */
const withoutFeatures = new Set(['kubernetes', 'shadowplane'])

test('features are written in every dialect there is', () => {
  const read = dialects.map(({ name }) => name).filter((name) => !withoutFeatures.has(name))
  expect(read.filter((name) => !dialectNames.some((each) => each === name))).toEqual([])
})
