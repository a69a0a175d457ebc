import { describe, expect, test } from 'vitest'
import { translateFirst } from '../../support/configuration.ts'
import type { BackendReference } from '../../../src/model/backend.ts'
import { gatewayOf, routeOf } from './gateway-text.ts'

function backendOf(text: string): BackendReference | undefined {
  const action = translateFirst(text).routeTables[0]?.routes[0]?.action
  return action?.kind === 'forward' ? action.destinations[0]?.backend : undefined
}

function routeTo(backend: string): string {
  return (
    routeOf('{name: edge}').replace('backendRefs: [{name: shop, port: 80}]', `backendRefs: [${backend}]`) +
    gatewayOf('- {name: http, port: 80, protocol: HTTP}')
  )
}

const upstream = (namespace: string): string =>
  `apiVersion: gloo.solo.io/v1\nkind: Upstream\nmetadata: {name: shop, namespace: ${namespace}}\nspec: ` +
  `{kube: {serviceName: shop, serviceNamespace: default, servicePort: 80}}\n---\n`

function grantTo(to: string, from = 'kind: HTTPRoute, namespace: default', version = 'v1'): string {
  return (
    `apiVersion: gateway.networking.k8s.io/${version}\nkind: ReferenceGrant\nmetadata: {name: grant, ` +
    `namespace: other}\nspec:\n  from: [{group: gateway.networking.k8s.io, ${from}}]\n  to: [{${to}}]\n---\n`
  )
}

describe('a backend', () => {
  test('is a Service by its host and port', () => {
    expect(backendOf(routeTo('{name: shop, port: 80}'))).toMatchObject({
      host: 'shop.default.svc.cluster.local',
      port: 80,
    })
  })

  test('of a Service needs the port', () => {
    expect(translateFirst(routeTo('{name: shop}')).found).toContainEqual(
      expect.stringContaining(
        'field/required spec.rules[0].backendRefs[0].port is required: the reference is to a Service',
      ),
    )
  })

  test('of a kind that another dialect reads has a host of its own, and needs none', () => {
    const text = routeTo('{group: gloo.solo.io, kind: Upstream, name: shop}') + upstream('default')
    expect(translateFirst(text)).toMatchObject({
      found: [],
      statuses: [{ conditions: [{}, { type: 'ResolvedRefs', status: 'True' }] }],
    })
    expect(backendOf(text)).toMatchObject({ host: 'shop.default.upstream.gloo.solo.io', port: undefined })
    expect(backendOf(text)).not.toHaveProperty('refused')
  })

  test.each([
    [
      '{group: gloo.solo.io, kind: Upstream, name: shop}',
      'reference/not-found there is no Upstream default/shop',
      'BackendNotFound',
    ],
    [
      '{group: multicluster.x-k8s.io, kind: ServiceImport, name: shop, port: 80}',
      'reference/invalid-kind nothing here reads ServiceImport of multicluster.x-k8s.io',
      'InvalidKind',
    ],
    [
      '{kind: Endpoints, name: shop, port: 80}',
      'reference/invalid-kind nothing here reads Endpoints of the core group',
      'InvalidKind',
    ],
    ['{name: shpo, port: 80}', 'reference/not-found there is no Service default/shpo', 'BackendNotFound'],
    ['{name: shop, port: 81}', 'reference/not-found Service default/shop has no port 81', 'BackendNotFound'],
    [
      '{name: shop, namespace: other, port: 80}',
      'reference/not-permitted no ReferenceGrant permits the reference to Service other/shop',
      'RefNotPermitted',
    ],
  ])('%s', (reference, found, reason) => {
    const result = translateFirst(routeTo(reference))
    expect(result.found).toEqual([
      expect.stringContaining(
        `${found}: requests for it are answered with 500 (ResolvedRefs is False, ${reason})`,
      ),
    ])
    expect(result.statuses[0]?.conditions).toContainEqual(
      expect.objectContaining({ type: 'ResolvedRefs', status: 'False', reason }),
    )
    expect(backendOf(routeTo(reference))?.rejected).toBe(true)
  })
})

describe('a ReferenceGrant', () => {
  const upstreamOfOther =
    routeTo('{group: gloo.solo.io, kind: Upstream, name: shop, namespace: other}') + upstream('other')

  test.each([
    [grantTo('group: gloo.solo.io, kind: Upstream'), true],
    [grantTo('group: gloo.solo.io, kind: Upstream', undefined, 'v1beta1'), true],
    [grantTo('group: gloo.solo.io, kind: Upstream, name: shop'), true],
    [grantTo('group: gloo.solo.io, kind: Upstream, name: other'), false],
    [grantTo('group: "", kind: Service'), false],
    [grantTo('group: gloo.solo.io, kind: Upstream', 'kind: GRPCRoute, namespace: default'), false],
    [grantTo('group: gloo.solo.io, kind: Upstream', 'kind: HTTPRoute, namespace: other'), false],
    [grantTo('group: gloo.solo.io, kind: Upstream', 'kind: HTTPRoute'), false],
    [grantTo('group: gloo.solo.io, kind: Upstream').replace('namespace: other', 'namespace: default'), false],
  ])('%j: %s', (grant, permitted) => {
    expect(backendOf(upstreamOfOther + grant)?.rejected).toBe(permitted ? undefined : true)
    expect(translateFirst(upstreamOfOther + grant).found).toEqual(
      permitted ? [] : [expect.stringContaining('reference/not-permitted')],
    )
  })
})

describe('a Service of type ExternalName', () => {
  const externalName = (namespace: string, name: string, target: string): string =>
    `---\napiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: ${namespace}}\nspec: {type: ` +
    `ExternalName, externalName: ${target}, ports: [{port: 80}]}\n`
  const shopOf = (namespace: string): string =>
    `---\napiVersion: v1\nkind: Service\nmetadata: {name: shop, namespace: ${namespace}}\nspec: {ports: ` +
    `[{port: 80}]}\n---\n`
  const route = routeTo('{name: alias, port: 80}')
  const chain =
    externalName('default', 'alias', 'second.default.svc.cluster.local') +
    externalName('default', 'second', 'SHOP.other.svc.cluster.local')

  test.each([
    [externalName('default', 'alias', 'shop.other.svc.cluster.local'), true],
    [chain, true],
    [externalName('default', 'alias', 'shop.default.svc.cluster.local'), false],
    [externalName('default', 'alias', 'api.example.com'), false],
    [externalName('default', 'alias', 'alias.default.svc.cluster.local'), false],
  ])('%j does not go round a ReferenceGrant: %s', (services, isForbidden) => {
    const text = route + services + shopOf('other')
    expect(backendOf(text)?.rejected).toBe(isForbidden ? true : undefined)
    expect(translateFirst(text).found).toEqual(
      isForbidden
        ? [
            expect.stringContaining(
              'reference/not-permitted Service default/alias is an ExternalName for Service other/shop, ' +
                'and no ReferenceGrant permits',
            ),
          ]
        : [],
    )
    expect(backendOf(text + grantTo('group: "", kind: Service'))?.rejected).toBeUndefined()
  })
})
