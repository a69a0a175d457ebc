import { describe, expect, test } from 'vitest'
import { sharedRelease } from '../../src/resolve/findings/older-envoy.ts'
import { gateway } from '../support/configuration.ts'

describe('the release that decides what a proxy gets', () => {
  test.each([
    ['none where nothing is newer than it', 38, [37, 38], undefined],
    ['none for the newest', undefined, [39, 40], undefined],
    ['the one before the first that it lacks', 36, [38, 40], 37],
    ['the same for all that lack the same', 38, [37, 40], 39],
    ['its own where the next one is needed', 39, [40], 39],
  ] as const)('%s', (...row) => {
    const [, minor, needed, shared] = row
    const scope = { ...gateway, ...(minor === undefined ? {} : { olderEnvoy: minor }) }
    const keys = new Set(needed.map((each) => `Envoy 1.${each}`))
    expect(sharedRelease(scope, { isChosenBy: (release) => keys.has(release) }).olderEnvoy).toBe(shared)
  })
})
