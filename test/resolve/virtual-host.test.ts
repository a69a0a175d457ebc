import { describe, expect, test } from 'vitest'
import type { RouteTable } from '../../src/model/route.ts'
import { resolveFallback } from '../../src/resolve/fallback-route.ts'
import type { VirtualHostPlan } from '../../src/resolve/plan/plan.ts'
import { resolveVirtualHost } from '../../src/resolve/virtual-host.ts'
import { scopeKey } from '../../src/xds/scope.ts'
import { gateway, sidecar } from '../support/configuration.ts'
import { forwardTo, mirrorTo, prefix, routeOf, serviceOf, tableOf } from '../support/model-values.ts'
import { visibleWith } from '../support/visible.ts'

const web = serviceOf('shop/web')
const shadow = serviceOf('shop/shadow')
const scope = { ...gateway, namespace: 'shop' }
const visible = visibleWith({ scope, services: [web, shadow], destinations: [web.host] })

function plan(more: Partial<VirtualHostPlan> = {}): VirtualHostPlan {
  return {
    scope: scopeKey(scope),
    routeConfiguration: '80',
    name: 'shop.example:80',
    domains: ['shop.example'],
    port: 80,
    attachedTo: ['shop/edge'],
    tables: [],
    sharing: 'all',
    fallback: { kind: 'nothing' },
    ...more,
  }
}

function namesOf(tables: readonly RouteTable[], more: Partial<VirtualHostPlan> = {}): readonly string[] {
  return resolveVirtualHost(plan(more), tables, visible)?.routes.map(({ name }) => name) ?? ['none']
}

const all = tableOf('shop/all', { routes: [routeOf(0, prefix('/'), { name: 'all' })] })
const one = tableOf('shop/one', { routes: [routeOf(0, prefix('/one'), { name: 'one' })] })

describe('the routes of a virtual host', () => {
  test.each([
    { what: 'joined tables keep their order, catch-alls last', tables: [all, one], expected: ['one', 'all'] },
    {
      what: 'the first table has the host alone',
      tables: [all, one],
      more: { sharing: 'first' },
      expected: ['all'],
    },
    { what: 'no table and no fallback: no virtual host', tables: [], expected: ['none'] },
  ] as const)('$what', ({ tables, expected, ...rest }) => {
    expect(namesOf(tables, 'more' in rest ? rest.more : {})).toEqual(expected)
  })

  test.each([
    ['another port', { port: 8080 }],
    ['another gateway', { attachedTo: ['shop/other'] }],
    ['another namespace of the proxy', { proxyNamespace: 'blog' }],
    ['labels that the proxy lacks', { proxyLabels: { app: 'other' } }],
  ])('a route for %s is left out', (_, applies) => {
    const table = tableOf('shop/table', { routes: [routeOf(0, prefix('/a'), { applies, name: 'left out' })] })
    expect(namesOf([table, all])).toEqual(['all'])
  })

  test('redirects to HTTPS need no route', () => {
    expect(resolveVirtualHost(plan({ requireTls: true }), [], visible)).toMatchObject({
      requireTls: true,
      routes: [],
    })
  })
})

describe('mirrors of a virtual host', () => {
  const mirrored = (host: string): RouteTable =>
    tableOf('shop/table', {
      routes: [routeOf(0, prefix('/'), { action: forwardTo(web.host, mirrorTo(host)) })],
    })

  test('a mirror uses a cluster of its own if primaries may use the usual one', () => {
    const busy = visibleWith({ scope, services: [web, shadow], destinations: [web.host, shadow.host] })
    const clusterOf = (model: typeof visible): unknown =>
      resolveVirtualHost(plan(), [mirrored(shadow.host)], model)?.uses.find(({ by }) => by === 'mirror')
        ?.cluster
    expect(clusterOf(visible)).toBe(`outbound|80||${shadow.host}`)
    expect(clusterOf(busy)).toBe(`mirror|80||${shadow.host}`)
  })

  test('a mirror without a target is dropped, and its route stays', () => {
    const found = resolveVirtualHost(plan(), [mirrored('absent.shop.svc.cluster.local')], visible)
    expect(found?.routes).toMatchObject([{ action: { mirrors: [] } }])
    expect(found?.missing).toHaveLength(1)
  })

  test('a mirror to the route itself is reported and kept', () => {
    const found = resolveVirtualHost(plan(), [mirrored(web.host)], visible)
    expect(found?.diagnostics.map(({ code }) => code)).toContain('mirror/to-itself')
  })
})

describe('the fallback route', () => {
  const sidecars = visibleWith({ scope: sidecar('shop'), services: [web] })

  test.each([
    ['nothing', { kind: 'nothing' }, []],
    ['a status', { kind: 'status', status: 502 }, [{ kind: 'direct-response', status: 502 }]],
    [
      'the original destination',
      { kind: 'pass-through' },
      [{ kind: 'forward', retry: 'never', destinations: [{ cluster: 'PassthroughCluster' }] }],
    ],
    [
      'a service, with the default retries',
      { kind: 'service', host: web.host },
      [{ kind: 'forward', destinations: [{ cluster: `outbound|80||${web.host}` }] }],
    ],
  ] as const)('is %s', (_, fallback, expected) => {
    const routes = resolveFallback(plan({ fallback }), sidecars)
    expect(routes.map(({ resolved }) => resolved.action)).toMatchObject(expected)
    expect(routes.every(({ resolved }) => resolved.origin === undefined)).toBe(true)
  })
})
