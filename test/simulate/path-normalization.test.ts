import { describe, expect, test } from 'vitest'
import { normalizedPath } from '../../src/simulate/path-normalization.ts'

// Each line was seen on Envoy 1.40.
const normal: readonly (readonly [sent: string, routed: string])[] = [
  ['/a/../b', '/b'],
  ['/a/./b', '/a/b'],
  ['/a/..', '/'],
  ['/a/.', '/a/'],
  ['/../a', '/a'],
  ['/a/b/../', '/a/'],
  ['/a/../../..', '/'],
  ['/a/%2e%2E/b', '/b'],
  ['/a/.%2e', '/'],
  ['/a/b/%252e%252e/c', '/a/b/%252e%252e/c'],
  ['/a%2fb/..', '/'],
  ['/a/%2e%2e%2f', '/a/..%2f'],
  ['/a//b', '/a//b'],
  ['/a//../b', '/a/b'],
  ['/a/b/..//c', '/a//c'],
  ['/a\\..\\b', '/b'],
  ['/a%5cb', '/a%5cb'],
  ['/a/..;x/b', '/b'],
  ['/a/.;x/b', '/a/b'],
  ['/a/..;', '/'],
  ['/a/..;x\\b', '/'],
  ['/a/%2e%2e;x/b', '/a/..;x/b'],
  ['/a/...;x/b', '/a/...;x/b'],
  ['/a/;../b', '/a/;../b'],
  ['/p%41%2dx%7E', '/pA-x~'],
  ['/p%2b%7b', '/p%2b%7b'],
  ['/"<>^`{|}', '/%22%3C%3E%5E%60%7B%7C%7D'],
  ['/[x]', '/[x]'],
  ['/%', '/%'],
  ['/%zz', '/%zz'],
  ['/a/../b?x=/../y', '/b?x=/../y'],
  ['/..;x?y', '/?y'],
]

describe('normalize_path', () => {
  test.each(normal)('%s is routed as %s', (sent, routed) => {
    expect(normalizedPath(sent, { normalize_path: true })).toBe(routed)
  })

  test.each(['/a#b', '/a b', '/é', '/%00', 'a', '*'])('%s is answered with 400', (path) => {
    expect(normalizedPath(path, { normalize_path: true })).toBeUndefined()
  })

  test('without it the path stays as it is', () => {
    expect(normalizedPath('/a/../%41', {})).toBe('/a/../%41')
  })
})

test('merge_slashes leaves the query alone', () => {
  expect(normalizedPath('//a///b/?x=//', { merge_slashes: true })).toBe('/a/b/?x=//')
})
