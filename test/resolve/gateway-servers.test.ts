import { describe, expect, test } from 'vitest'
import type { GatewayListener } from '../../src/model/gateway.ts'
import { gatewaySockets, hostsFor } from '../../src/resolve/plan/gateway-servers.ts'
import type { Scope } from '../../src/xds/scope.ts'
import { sidecar } from '../support/configuration.ts'
import { gatewayListenerOf } from '../support/model-values.ts'

const edge: Scope = { ...sidecar('infra', { app: 'edge' }), role: 'gateway' }
const sockets = (scope: Scope, listeners: readonly GatewayListener[], targetPort = (port: number) => port) =>
  gatewaySockets(scope, { listeners, targetPort })
const hostsOf = (...hosts: readonly string[]) => ({ hosts: hosts.map((host) => ({ namespace: '*', host })) })
const passthrough = { serves: { kind: 'passthrough' } } as const

describe('the sockets of a gateway proxy', () => {
  test('servers of one port share a socket', () => {
    const found = sockets(edge, [
      gatewayListenerOf('shop/a', hostsOf('a.example')),
      gatewayListenerOf('shop/b', hostsOf('b.example')),
    ])
    expect(found.map(({ listener, binding, servers }) => [listener, binding, servers.length])).toEqual([
      ['0.0.0.0_80', '80', 2],
    ])
  })

  test.each([
    ['other labels', gatewayListenerOf('shop/a', { selector: { app: 'other' } }), 0],
    ['another namespace', gatewayListenerOf('shop/a', { onlyIn: 'shop' }), 0],
    ['the same namespace', gatewayListenerOf('shop/a', { onlyIn: 'infra' }), 1],
  ])('a server for proxies with %s', (_, listener, count) => {
    expect(sockets(edge, [listener])).toHaveLength(count)
  })

  test('are named after the port of the pods, and bound where the proxy says', () => {
    const scope = { ...edge, bindAddress: '127.0.0.1', portMap: { 8080: 15080 } }
    const [found] = sockets(scope, [gatewayListenerOf('shop/a')], () => 8080)
    expect(found).toMatchObject({
      listener: '0.0.0.0_8080',
      binding: '8080',
      address: '127.0.0.1',
      port: 15080,
    })
  })

  test('a server of another protocol on the port of an older one is left out, with a finding', () => {
    const [found] = sockets(edge, [
      gatewayListenerOf('shop/young', { ...passthrough, created: '2026-02-01T00:00:00Z' }),
      gatewayListenerOf('shop/old', hostsOf('a.example')),
    ])
    expect(found?.servers.map(({ gateway }) => gateway)).toEqual(['shop/old'])
    expect(found?.diagnostics.map(({ code, origin }) => [code, origin?.object.name])).toEqual([
      ['gateway/server-left-out', 'young'],
    ])
  })

  test('two TLS servers cannot have one host', () => {
    const [found] = sockets(edge, [
      gatewayListenerOf('shop/a', { port: 443, ...passthrough, ...hostsOf('x.example') }),
      gatewayListenerOf('shop/b', { port: 443, ...passthrough, ...hostsOf('y.example', 'x.example') }),
    ])
    expect(found?.servers).toHaveLength(1)
    expect(found?.diagnostics.map(({ origin }) => origin?.path)).toEqual([['servers', 0, 'hosts', 1]])
  })
})

test('the hosts of a server that tables of a namespace may use', () => {
  const listener = gatewayListenerOf('shop/a', {
    hosts: [
      { namespace: '*', host: 'all.example' },
      { namespace: 'shop', host: 'shop.example' },
      { namespace: 'blog', host: 'blog.example' },
    ],
  })
  expect(hostsFor(listener, 'shop')).toEqual(['all.example', 'shop.example'])
})
