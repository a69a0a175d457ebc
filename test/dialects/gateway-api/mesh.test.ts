import { describe, expect, test } from 'vitest'
import { configure, sidecar, translateFirst } from '../../support/configuration.ts'
import type { RouteConfiguration } from '../../support/configuration.ts'
import { routeOf } from './gateway-text.ts'

const shop = '{group: "", kind: Service, name: shop}'

/** A consumer's route in namespace `client` for Service default/shop. */
function consumer(backend = 'canary'): string {
  return routeOf('{group: "", kind: Service, name: shop, namespace: default}', '', { namespace: 'client' })
    .replaceAll('name: shop, port: 80', `name: ${backend}, port: 80`)
    .replace(
      'metadata: {name: shop, namespace: client}\nspec: {selector',
      `metadata: {name: ${backend}, namespace: client}\nspec: {selector`,
    )
}

/** Where requests for Service default/shop go from a namespace. */
function clustersOf(text: string, namespace: string): readonly (string | undefined)[] {
  const configurations = [
    ...configure(text).resources(sidecar(namespace), 'route').values(),
  ] as readonly RouteConfiguration[]
  const hosts = configurations
    .flatMap((each) => each.virtual_hosts ?? [])
    .filter(({ name }) => name === 'shop.default.svc.cluster.local:80')
  return hosts.flatMap(({ routes = [] }) => routes.map(({ route }) => route?.cluster))
}

describe('a route whose parent is a Service', () => {
  test('is for requests of the mesh for it', () => {
    expect(translateFirst(routeOf(shop))).toMatchObject({
      found: [],
      routeTables: [
        {
          attachedTo: ['mesh'],
          hosts: [{ host: 'shop.default.svc.cluster.local' }],
          visibility: 'everywhere',
          routes: [{ applies: {} }],
        },
      ],
      statuses: [
        {
          parent: { group: '', kind: 'Service', namespace: 'default', name: 'shop' },
          conditions: [
            { type: 'Accepted', status: 'True' },
            { type: 'ResolvedRefs', status: 'True' },
          ],
        },
      ],
    })
  })

  test('at one of its ports', () => {
    expect(translateFirst(routeOf('{group: "", kind: Service, name: shop, port: 80}'))).toMatchObject({
      found: [],
      routeTables: [{ routes: [{ applies: { port: 80 } }] }],
    })
  })

  test.each([
    ['{group: "", kind: Service, name: shpo}', '5:49 parent/unknown there is no Service default/shpo'],
    [
      '{group: "", kind: Service, name: shop, port: 81}',
      '5:61 parent/unknown Service default/shop has no port 81',
    ],
  ])('%s does not exist', (parents, found) => {
    expect(translateFirst(routeOf(parents))).toMatchObject({
      found: [`${found}: its rules do not apply there (Accepted is False, NoMatchingParent)`],
      routeTables: [],
      statuses: [{ conditions: [{ status: 'False', reason: 'NoMatchingParent' }, {}] }],
    })
  })

  test('has no use for hostnames', () => {
    expect(translateFirst(routeOf(shop, 'shop.example.com'))).toMatchObject({
      found: [
        expect.stringContaining(
          '6:3 parent/ignored-hostnames hostnames have no effect for parents that are Services',
        ),
      ],
      routeTables: [{ hosts: [{ host: 'shop.default.svc.cluster.local' }] }],
    })
  })

  test("in another namespace is its consumer's, and replaces the producer's there", () => {
    const text = routeOf(shop) + consumer()
    expect(clustersOf(text, 'default')).toEqual(['outbound|80||shop.default.svc.cluster.local'])
    expect(clustersOf(text, 'client')).toEqual(['outbound|80||canary.client.svc.cluster.local'])
    expect(configure(text).found.filter((each) => each.includes('virtual-host/duplicate-domain'))).toEqual([])
    expect(translateFirst(consumer() + routeOf(shop)).routeTables).toMatchObject([
      { visibility: { namespaces: ['client'] } },
    ])
  })
})
