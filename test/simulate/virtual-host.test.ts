import { describe, expect, test } from 'vitest'
import { simulate } from '../../src/simulate/simulate.ts'
import { envoy, request } from './scene.ts'

const domains = [
  ['*.foo.com'],
  ['*.b.foo.com'],
  ['exact.foo.com'],
  ['pre.*'],
  ['UP.com'],
  ['q.bar.*', 'bar.*'],
  ['*'],
]
const configuration = envoy(
  domains.map((each) => ({
    name: each.join(),
    domains: each,
    routes: [{ match: { prefix: '/' }, direct_response: { status: 200 } }],
  })),
)

// Each line was seen on Envoy 1.40.
describe('domains', () => {
  test.each([
    ['a.foo.com', '*.foo.com'],
    ['.foo.com', '*'],
    ['foo.com', '*'],
    ['EXACT.foo.com', 'exact.foo.com'],
    ['exact.foo.com:99', 'exact.foo.com'],
    ['pre.x', 'pre.*'],
    ['pre.', '*'],
    ['pre.x.foo.com', '*.foo.com'],
    ['up.com', 'UP.com'],
    ['q.bar.com', 'q.bar.*,bar.*'],
    ['x.bar.com:80', '*'],
    ['zz.b.foo.com', '*.b.foo.com'],
    ['bar.', '*'],
    ['[::1]:80', '*'],
  ])('%s is for %s', (authority, name) => {
    expect(simulate(configuration, request('/', { authority })).virtualHost?.virtualHost.name).toBe(name)
  })
})

test('a port in the host counts, unless the route configuration ignores it', () => {
  const host = { name: 'a', domains: ['a.test'], routes: [] }
  expect(simulate(envoy([host]), request('/', { authority: 'a.test:80' })).virtualHost?.domain).toBe('a.test')
  const { outcome } = simulate(
    envoy([host], { ignore_port_in_host_matching: false }),
    request('/', { authority: 'a.test:80' }),
  )
  expect(outcome).toEqual({
    kind: 'refused',
    status: 404,
    because: 'no virtual host of routes has a domain for a.test:80',
  })
})

test('virtual hosts that came by themselves count like those inside', () => {
  const apart = {
    ...envoy([]),
    virtualHosts: [
      { name: 'routes/a', domains: ['*'], routes: [] },
      { name: 'others/b', domains: ['shop.test'] },
    ],
  }
  expect(simulate(apart, request('/')).virtualHost?.virtualHost.name).toBe('routes/a')
})
