import { describe, expect, test } from 'vitest'
import type { Route } from '../../src/simulate/configuration.ts'
import { simulate } from '../../src/simulate/simulate.ts'
import { envoy, request, routed } from './scene.ts'

const locationOf = (redirect: NonNullable<Route['redirect']>, authority: string): string | undefined => {
  const { outcome } = routed([{ match: { prefix: '/red' }, redirect }], request('/red/a?x=1', { authority }))
  return outcome.kind === 'redirect'
    ? `${outcome.redirection.status} ${outcome.redirection.location}`
    : undefined
}

// Each line was seen on Envoy 1.40.
describe('redirect', () => {
  test.each<readonly [NonNullable<Route['redirect']>, string, string]>([
    [{ prefix_rewrite: '/new' }, 'h:80', '301 http://h:80/new/a?x=1'],
    [{ path_redirect: '/new?z=1' }, 'h', '301 http://h/new?z=1'],
    [{ path_redirect: '/new', scheme_redirect: 'https' }, 'h:80', '301 https://h/new?x=1'],
    [{ path_redirect: '/new', scheme_redirect: 'https' }, 'h:8080', '301 https://h:8080/new?x=1'],
    [{ port_redirect: 8443, host_redirect: 'other' }, 'h:80', '301 http://other:8443/red/a?x=1'],
    [{ port_redirect: 8443 }, '[::1]:80', '301 http://[::1]:8443/red/a?x=1'],
    [{ https_redirect: true }, '[::1]:80', '301 https://[::1]/red/a?x=1'],
    [
      { response_code: 'PERMANENT_REDIRECT', host_redirect: 'other', strip_query: true },
      'h',
      '308 http://other/red/a',
    ],
  ])('%j of a request for %s: %s', (action, authority, wanted) => {
    expect(locationOf(action, authority)).toBe(wanted)
  })

  test('a virtual host that wants TLS sends everything there', () => {
    const host = { name: 'tls', domains: ['*'], require_tls: 'ALL', routes: [] } as const
    expect(simulate(envoy([host]), request('/a?b')).outcome).toEqual({
      kind: 'redirect',
      redirection: { status: 301, location: 'https://shop.test/a?b' },
    })
  })
})

test('a direct response has its status and body', () => {
  const { outcome } = routed(
    [{ match: { prefix: '/' }, direct_response: { status: 418, body: { inline_bytes: 'dGVh' } } }],
    request('/'),
  )
  expect(outcome).toEqual({ kind: 'direct-response', status: 418, body: 'tea' })
})
