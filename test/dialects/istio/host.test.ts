import { describe, expect, test } from 'vitest'
import { resolveGateway, resolveHost } from '../../../src/dialects/istio/host.ts'
import { configure, gateway, sidecar, translateFirst } from '../../support/configuration.ts'
import { service, virtualService } from './text.ts'

describe('a host in an Istio object', () => {
  test.each([
    ['reviews', 'reviews.bookinfo.svc.cluster.local'],
    ['Reviews', 'reviews.bookinfo.svc.cluster.local'],
    ['reviews.default', 'reviews.default'],
    ['reviews.default.svc.cluster.local', 'reviews.default.svc.cluster.local'],
    ['example.com', 'example.com'],
    ['*.example.com', '*.example.com'],
    ['*', '*'],
    ['10.0.0.1', '10.0.0.1'],
    ['::1', '::1'],
  ])('%s is %s', (host, resolved) => {
    expect(resolveHost(host, 'bookinfo', 'cluster.local')).toBe(resolved)
  })

  test('is beside the VirtualService, not beside the service that it governs', () => {
    const text = virtualService(
      'route: [{destination: {host: reviews}}]\nmirror: {host: shadow}',
      ', namespace: ops',
    ).replace('hosts: [reviews]', 'hosts: [reviews.default.svc.cluster.local]')
    const { routeTables } = translateFirst(text)
    expect(routeTables[0]?.hosts.map(({ host }) => host)).toEqual(['reviews.default.svc.cluster.local'])
    const action = routeTables[0]?.routes[0]?.action
    expect(
      action?.kind === 'forward'
        ? [action.destinations[0]?.backend.host, action.mirrors[0]?.backend.host]
        : [],
    ).toEqual(['reviews.ops.svc.cluster.local', 'shadow.ops.svc.cluster.local'])
  })
})

describe('a gateway that a VirtualService names', () => {
  test.each([
    ['mesh', 'mesh'],
    ['edge', 'apps/edge'],
    ['./edge', 'apps/edge'],
    ['infra/edge', 'infra/edge'],
    ['edge.infra', 'infra/edge'],
    ['edge.infra.svc.cluster.local', 'infra/edge'],
  ])('%s is %s', (name, resolved) => {
    expect(resolveGateway(name, 'apps')).toBe(resolved)
  })

  test.each([
    [undefined, ['mesh']],
    ['[]', ['mesh']],
    ['[mesh]', ['mesh']],
    ['[edge, mesh]', ['default/edge', 'mesh']],
  ])('gateways %s attach to %j', (gateways, attachedTo) => {
    const text = virtualService('route: [{destination: {host: reviews}}]').replace(
      '  http:',
      `${gateways === undefined ? '' : `  gateways: ${gateways}\n`}  http:`,
    )
    expect(translateFirst(text).routeTables[0]?.attachedTo).toEqual(attachedTo)
  })

  test('that does not exist is said, and the others count', () => {
    const text = virtualService('route: [{destination: {host: reviews}}]').replace(
      '  http:',
      '  gateways: [nowhere, mesh]\n  http:',
    )
    const configuration = configure(text + service('reviews'))
    expect(configuration.found).toEqual([
      '6:14 gateway/unknown there is no Gateway default/nowhere, so its rules apply nowhere through it',
    ])
    expect(configuration.routes(sidecar()).filter((route) => route.metadata !== undefined)).toHaveLength(1)
  })
})

describe('exportTo', () => {
  const edge =
    '---\napiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: edge}\nspec: {servers: ' +
    '[{port: {number: 80, name: http}, hosts: ["*"]}]}\n'
  const seen = (exportTo: string | undefined, namespace: string): readonly boolean[] => {
    const text = virtualService('route: [{destination: {host: reviews}}]').replace(
      '  http:',
      `${exportTo === undefined ? '' : `  exportTo: ${exportTo}\n`}  gateways: [edge, mesh]\n  http:`,
    )
    const configuration = configure(text + service('reviews') + edge)
    return [sidecar(namespace), { ...gateway, namespace }].map((scope) =>
      configuration.routes(scope).some((route) => route.metadata !== undefined),
    )
  }

  test.each([
    [undefined, 'default', true],
    [undefined, 'other', true],
    ['[]', 'other', true],
    ['["*"]', 'other', true],
    ['[".", "*"]', 'other', true],
    ['["."]', 'default', true],
    ['["."]', 'other', false],
    ['[other]', 'other', true],
    ['[other]', 'default', false],
    ['["~"]', 'default', false],
    ['["~"]', 'other', false],
  ])('%s: a proxy in %s sees the VirtualService: %s', (exportTo, namespace, expected) => {
    expect(seen(exportTo, namespace)).toEqual([expected, expected])
  })
})

describe('one host in two VirtualServices', () => {
  const named = (name: string, created: string): string =>
    virtualService(`name: ${name}\nroute: [{destination: {host: reviews}}]`).replace(
      '{name: reviews}',
      `{name: ${name}, creationTimestamp: "${created}"}`,
    )

  test('on a sidecar the older one has it alone, and the other is said', () => {
    const configuration = configure(
      `${named('young', '2025-01-02T00:00:00Z')}---\n${named('old', '2025-01-01T00:00:00Z')}${service('reviews')}`,
    )
    expect(
      configuration
        .routes(sidecar())
        .filter((route) => route.metadata !== undefined)
        .map((route) => route.name),
    ).toEqual(['old'])
    expect(configuration.found).toEqual([
      '5:11 virtual-host/duplicate-domain sidecars take the routes of reviews.default.svc.cluster.local ' +
        'from an older object, so these have no effect there',
    ])
  })

  test('of the same age the first by name', () => {
    const configuration = configure(`${named('b', '')}---\n${named('a', '')}${service('reviews')}`)
    expect(
      configuration
        .routes(sidecar())
        .filter((route) => route.metadata !== undefined)
        .map((route) => route.name),
    ).toEqual(['a'])
  })

  test('the more specific host wins over a wildcard', () => {
    const wild = virtualService('name: wild\nroute: [{destination: {host: reviews}}]')
      .replace('hosts: [reviews]', 'hosts: ["*.default.svc.cluster.local"]')
      .replace('name: reviews', 'name: a')
    const configuration = configure(
      `${wild}---\n${named('exact', '')}${service('reviews')}${service('other')}`,
    )
    expect(
      configuration
        .routes(sidecar())
        .filter((route) => route.metadata !== undefined)
        .map((route) => route.name),
    ).toEqual(['wild', 'exact'])
  })
})
