import { describe, expect, test } from 'vitest'
import { mentions } from '../../src/xds/mentions.ts'

describe('a message names', () => {
  test.each([
    ['0.0.0.0_8080', 'Error adding/updating listener(s) 0.0.0.0_8080: cannot bind', true],
    ['0.0.0.0_80', 'Error adding/updating listener(s) 0.0.0.0_8080: cannot bind', false],
    [
      '0.0.0.0_80',
      'Error adding/updating listener(s) 0.0.0.0_8080: cannot bind, 0.0.0.0_80: cannot bind',
      true,
    ],
    ['0.0.0.0_80', 'listener 10.0.0.0_80: cannot bind', false],
    ['reviews', 'the cluster reviews-v2 is bad', false],
    ['reviews', 'the cluster reviews.default is bad', false],
    ['default', 'the cluster reviews.default is bad', false],
    ['outbound|80||a', 'cluster outbound|80||a.b: no', false],
    ['outbound|80||a', 'cluster outbound|80||a: no', true],
    ['reviews', 'there is no cluster reviews. Add it', true],
    ['reviews', "unknown cluster 'reviews'", true],
    ['reviews', 'reviews', true],
    ['reviews', `${'x'.repeat(40_000)} reviews`, false],
  ])('%s in %s: %s', (name, message, named) => {
    expect(mentions(message, { name })).toBe(named)
  })

  test('a virtual host with or without the name of its route configuration', () => {
    const host = { name: 'http.80/a.example:80', owner: 'http.80' }
    expect(mentions('Only unique names for virtual hosts: http.80/a.example:80', host)).toBe(true)
    expect(mentions('duplicate domain of a.example:80 in http.80', host)).toBe(true)
    expect(mentions('duplicate domain of b.a.example:80 in http.80', host)).toBe(false)
  })
})
