import { describe, expect, test } from 'vitest'
import type { StringMatch } from '../../src/model/route.ts'
import { adviceOn } from '../../src/resolve/findings/advice.ts'
import { forwardTo, mirrorTo, prefix, routeOf, serviceOf, tableOf } from '../support/model-values.ts'

const shadow = serviceOf('shop/shadow')

function advised(method: StringMatch | undefined, invert = false, external = false): readonly string[] {
  const headers = method === undefined ? [] : [{ name: ':method', match: method, invert }]
  const action = forwardTo('web', mirrorTo(shadow.host))
  const table = tableOf('shop/route', {
    hosts: ['web'],
    routes: [routeOf(0, prefix('/', { headers }), { action })],
  })
  return adviceOn(table, () => [{ ...shadow, external }]).map(({ code, message }) => `${code} ${message}`)
}

describe('methods that write, in copies', () => {
  test.each([
    ['no condition', undefined, 'POST, PUT, PATCH, DELETE are copied'],
    ['exactly GET', { kind: 'exact', value: 'GET' }, undefined],
    ['exactly PUT', { kind: 'exact', value: 'PUT' }, ' PUT are copied'],
    ['a list of methods', { kind: 'regex', value: 'GET|POST' }, ' POST are copied'],
    ['safe methods', { kind: 'regex', value: '(GET|HEAD)' }, undefined],
    [
      'an expression that may mean any',
      { kind: 'regex', value: '[A-Z]+' },
      'POST, PUT, PATCH, DELETE are copied',
    ],
  ] as const)('%s', (_, method, expected) => {
    const [first] = advised(method)
    if (expected === undefined) expect(first).toBeUndefined()
    else expect(first).toContain(expected)
  })

  test('not GET', () => {
    expect(advised({ kind: 'exact', value: 'GET' }, true)).toHaveLength(1)
  })
})

test('a shadow outside of the mesh may not know the Host with -shadow', () => {
  expect(advised({ kind: 'exact', value: 'GET' }, false, true).map((each) => each.split(' ')[0])).toEqual([
    'mirror/shadow-host-outside-mesh',
  ])
})
