import { expect, test } from 'vitest'
import type { ClientState, TypeState } from '../../src/server/status/client-state.ts'
import { heldResources } from '../../src/observe/held.ts'
import { configDump } from '../../src/xds/config-dump.ts'
import type { AnyJson } from '../../src/xds/proto.ts'
import type { Resource } from '../../src/xds/resource.ts'
import { resourceTypes } from '../../src/xds/resource-types.ts'
import type { TypeName } from '../../src/xds/resource-types.ts'
import { scopeKey } from '../../src/xds/scope.ts'
import type { Scope } from '../../src/xds/scope.ts'
import { configure, resourcesOf, sidecar } from '../support/configuration.ts'
import type { Configuration } from '../support/configuration.ts'
import { cluster } from '../support/xds-resources.ts'
import { reviews } from './plane.ts'

type Resources = ReadonlyMap<TypeName, ReadonlyMap<string, Resource>>

const text = `${reviews}---\n${reviews.replaceAll('reviews', 'details')}---\n${reviews.replaceAll('reviews', 'about').replace('port: 80', 'port: 8080')}`

function resources({ pipeline }: Configuration, scope: Scope): Resources {
  pipeline.connect(scopeKey(scope), scope)
  pipeline.flush()
  return new Map(
    resourceTypes.map(({ name }) => [
      name,
      new Map(resourcesOf(pipeline, scope, name).map((each) => [each.name, each])),
    ]),
  )
}

function client(
  scope: Scope,
  served: Resources,
  held: ReadonlyMap<TypeName, TypeState['held']> = served,
): ClientState {
  return {
    proxy: { id: 'a', stream: 1, mode: 'delta', scope },
    connectedAt: 0,
    node: new Uint8Array(),
    snapshot: { scope: scopeKey(scope), resources: served },
    types: new Map(
      [...held].map(([type, each]) => [
        type,
        {
          status: 'SYNCED',
          interest: { wildcard: true, names: new Set() },
          held: each,
          ackedVersion: '',
          refusal: undefined,
        },
      ]),
    ),
  }
}

function routeConfigurations(dump: {
  readonly configs: readonly AnyJson[]
}): readonly Readonly<Record<string, unknown>>[] {
  const section = dump.configs.find((each) => each['@type'].endsWith('RoutesConfigDump')) as
    { readonly dynamic_route_configs: readonly { readonly route_config: AnyJson }[] } | undefined
  return section?.dynamic_route_configs.map(({ route_config: each }) => each) ?? []
}

test('virtual hosts of their own are shown as if they stood in their route configuration', () => {
  const configuration = configure(text)
  const dumpOf = (scope: Scope) =>
    routeConfigurations(configDump(heldResources([client(scope, resources(configuration, scope))]), 'routes'))
  const inline = dumpOf(sidecar())
  const apart = dumpOf({ ...sidecar(), virtualHosts: 'separate' })
  expect(inline.map(({ name }) => name)).toEqual(['80', '8080'])
  expect(apart.every((each) => 'vhds' in each)).toBe(true)
  expect(apart.map((each) => ({ ...each, vhds: undefined }))).toEqual(inline)
  expect(JSON.stringify(inline)).toContain('"name":"block_all"')
})

test('what a proxy brought along is shown where it is what is served, and left out where nobody knows it', () => {
  const served = cluster('a')
  const held = new Map([
    ['a', { version: served.version }],
    ['b', { version: 'older' }],
  ])
  const found = heldResources([
    client(sidecar(), new Map([['cluster', new Map([['a', served]])]]), new Map([['cluster', held]])),
  ])
  expect(found).toEqual([served])
})

test('the streams of a proxy are shown together', () => {
  const scope = sidecar()
  const all = resources(configure(text), scope)
  const alone = (type: TypeName): ClientState =>
    client(scope, all, new Map([[type, all.get(type) ?? new Map<string, Resource>()]]))
  expect(heldResources([alone('route'), alone('cluster')])).toEqual(
    heldResources([
      client(scope, new Map([...all].filter(([type]) => type === 'cluster' || type === 'route'))),
    ]),
  )
})
