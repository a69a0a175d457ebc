import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { defaultInstallation } from '../../src/cli/install.ts'
import { dialects } from '../../src/dialects/index.ts'
import {
  clusterPermissions,
  ownPermissions,
  plural,
  secretPermissions,
} from '../../src/install/permissions.ts'
import { installation } from '../../src/install/render.ts'
import { sharedFolder } from '../support/shared.ts'

/** The requests of the code to the API server; a verb on a resource, as in RBAC. */
const used = new Set([
  ...dialects
    .flatMap(({ kinds }) => kinds)
    .filter(({ group }) => group !== 'shadowplane.io')
    .flatMap(({ group, kind, only }) =>
      ['list', 'watch'].map((verb) =>
        use(verb, group, `${plural(kind)}${only === undefined ? '' : `=${only.name}`}`),
      ),
    ),
  ...['list', 'watch'].map((verb) => use(verb, 'apiextensions.k8s.io', 'customresourcedefinitions')),
  ...['virtualservices', 'destinationrules', 'gateways', 'serviceentries', 'sidecars'].flatMap((name) =>
    written('networking.istio.io', name),
  ),
  ...['gatewayclasses', 'gateways', 'httproutes', 'grpcroutes'].flatMap((name) =>
    written('gateway.networking.k8s.io', name),
  ),
  ...['create', 'patch'].map((verb) => use(verb, 'events.k8s.io', 'events')),
  use('create', 'authentication.k8s.io', 'tokenreviews'),
  use('create', 'coordination.k8s.io', 'leases'),
  ...['get', 'watch', 'update'].map((verb) => use(verb, 'coordination.k8s.io', 'leases=shadowplane')),
])

const cluster = clusterPermissions(defaultInstallation.kinds)
const all = [...cluster, ...ownPermissions, ...secretPermissions]
const granted = all.flatMap(({ group, resources, verbs, names = [undefined] }) =>
  resources.flatMap((resource) =>
    verbs.flatMap((verb) =>
      names.map((name) => use(verb, group, name === undefined ? resource : `${resource}=${name}`)),
    ),
  ),
)

test('each permission is needed', () => {
  expect(granted.filter((each) => !used.has(each))).toEqual([])
  expect(new Set(granted).size).toBe(granted.length)
})

test('none is missing', () => {
  expect([...used].filter((each) => !granted.includes(each))).toEqual([])
})

test('no rule is for everything', () => {
  expect(
    all
      .flatMap(({ group, resources, verbs }) => [group, ...resources, ...verbs])
      .filter((each) => each.includes('*')),
  ).toEqual([])
})

test('Secrets are read where gateways are, and nowhere else', () => {
  const bindings = installation(defaultInstallation)
    .filter(({ kind }) => kind.endsWith('Binding'))
    .map((each) => ({
      kind: each.kind,
      namespace: each.metadata.namespace,
      role: (each['roleRef'] as { readonly name: string }).name,
    }))
  expect(cluster.filter(({ resources }) => resources.includes('secrets'))).toEqual([])
  expect(bindings).toEqual([
    { kind: 'ClusterRoleBinding', namespace: undefined, role: 'shadowplane' },
    { kind: 'RoleBinding', namespace: 'shadowplane', role: 'shadowplane' },
    { kind: 'RoleBinding', namespace: 'shadowplane-gateway', role: 'shadowplane-secrets' },
  ])
})

describe('the names of resources', () => {
  const definitions = globSync('**/*.yaml', { cwd: join(sharedFolder, 'crds') })
    .flatMap((file) =>
      parseAllDocuments(readFileSync(join(sharedFolder, 'crds', file), 'utf8')).map(
        (document) => document.toJS() as Definition | null,
      ),
    )
    .filter((definition) => definition?.kind === 'CustomResourceDefinition')
  const known = new Map(
    definitions.flatMap((definition) =>
      definition === null
        ? []
        : [[`${definition.spec.group}/${definition.spec.names.kind}`, definition.spec] as const],
    ),
  )

  test.skipIf(definitions.length === 0)(
    'are those of the CRDs, and what has a status there is a resource',
    () => {
      const kinds = dialects
        .flatMap((dialect) => dialect.kinds)
        .flatMap(({ group, kind }) => known.get(`${group}/${kind}`) ?? [])
      expect(kinds.length).toBeGreaterThan(25)
      for (const { names } of kinds) expect(names.plural).toBe(plural(names.kind))
      for (const { group, resources } of cluster) {
        for (const resource of resources.filter((name) => name.endsWith('/status'))) {
          const spec = [...known.values()].find(
            ({ group: ofKind, names }) => ofKind === group && `${names.plural}/status` === resource,
          )
          expect({
            resource,
            hasStatus: spec?.versions.some(({ subresources }) => subresources?.status !== undefined),
          }).toEqual({ resource, hasStatus: true })
        }
      }
    },
  )
})

interface Definition {
  readonly kind: string
  readonly spec: {
    readonly group: string
    readonly names: { readonly plural: string; readonly kind: string }
    readonly versions: readonly { readonly subresources?: { readonly status?: object } }[]
  }
}

/** An object whose status is read, and written. */
function written(group: string, resource: string): readonly string[] {
  return [use('get', group, resource), use('update', group, `${resource}/status`)]
}

function use(verb: string, group: string, resource: string): string {
  return `${verb} ${group === '' ? 'core' : group} ${resource}`
}
