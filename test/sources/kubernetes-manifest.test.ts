import { describe, expect, test } from 'vitest'
import { defaultSettings } from '../../src/control-plane/config.ts'
import { renderText } from '../../src/diagnostics/render.ts'
import { createPipeline, diagnosticsOf } from '../../src/pipeline/pipeline.ts'
import { objectKey } from '../../src/diagnostics/diagnostic.ts'
import { parseJson } from '../../src/manifest/json.ts'
import { manifestOf } from '../../src/sources/cluster/manifest.ts'
import { secretTarget, targetsOf } from '../../src/sources/cluster/target.ts'
import type { ServedKind } from '../../src/sources/cluster/kinds.ts'

const virtualService: ServedKind = {
  group: 'networking.istio.io',
  version: 'v1',
  kind: 'VirtualService',
  plural: 'virtualservices',
  namespaced: true,
}
const pod: ServedKind = { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true }
const namespaceKind: ServedKind = {
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
}

describe('an object of the API', () => {
  test('loses what nobody reads, and gets the kind that items of lists lack', () => {
    const manifest = manifestOf(
      parseJson(
        JSON.stringify({
          metadata: {
            name: 'reviews',
            namespace: 'shop',
            uid: 'u',
            resourceVersion: '12',
            generation: 3,
            creationTimestamp: '2026-01-01T00:00:00Z',
            labels: { a: 'b' },
            annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', note: 'x' },
            managedFields: [{ manager: 'kubectl' }],
          },
          spec: { hosts: ['reviews'] },
          status: { conditions: [] },
        }),
      ),
      virtualService,
    )
    expect(manifest).toMatchObject({
      id: { group: 'networking.istio.io', kind: 'VirtualService', namespace: 'shop', name: 'reviews' },
      created: '2026-01-01T00:00:00Z',
      labels: { a: 'b' },
    })
    expect(manifest?.object).toEqual({
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      spec: { hosts: ['reviews'] },
      metadata: {
        name: 'reviews',
        namespace: 'shop',
        uid: 'u',
        generation: 3,
        creationTimestamp: '2026-01-01T00:00:00Z',
        labels: { a: 'b' },
        annotations: { note: 'x' },
      },
    })
  })

  test('is, of a Pod, its labels, its address and whether it is ready', () => {
    const manifest = manifestOf(
      parseJson(
        JSON.stringify({
          metadata: { name: 'p', namespace: 'shop', labels: { app: 'p' } },
          spec: { containers: [{ image: 'x' }] },
          status: {
            podIP: '10.0.0.1',
            phase: 'Running',
            hostIP: '1.1.1.1',
            conditions: [
              { type: 'Ready', status: 'True', lastProbeTime: 'x' },
              { type: 'Initialized', status: 'True' },
            ],
          },
        }),
      ),
      pod,
    )
    expect(manifest?.object).toEqual({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace: 'shop', labels: { app: 'p' } },
      status: { podIP: '10.0.0.1', phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
    })
  })

  test('keeps the digits of its numbers', () => {
    const manifest = manifestOf(
      parseJson('{"metadata":{"name":"a","namespace":"b"},"spec":{"big":9007199254740993}}'),
      virtualService,
    )
    expect(manifest?.exactNumbers).toEqual({ '["spec","big"]': '9007199254740993' })
  })

  test('is told by its name and field, as it stands in no file', () => {
    const manifest = manifestOf(
      parseJson(
        JSON.stringify({
          metadata: { name: 'reviews', namespace: 'default' },
          spec: {
            hosts: ['reviews'],
            http: [
              {
                route: [{ destination: { host: 'reviews' } }],
                mirror: { host: 'b' },
                mirrorPercentage: { value: 150 },
              },
            ],
          },
        }),
      ),
      virtualService,
    )
    if (manifest === undefined) throw new Error('it is no manifest')
    const pipeline = createPipeline(defaultSettings)
    pipeline.setManifest(objectKey(manifest.id), manifest)
    pipeline.flush()
    const shown = renderText(diagnosticsOf(pipeline), () => undefined)
    expect(shown.split('\n').find((line) => line.includes('150'))).toMatch(
      /^VirtualService default\/reviews spec\.http\[0\]\.mirrorPercentage\.value error /,
    )
  })
})

describe('what is listed', () => {
  const paths = (targets: ReturnType<typeof targetsOf>): readonly (readonly [string, unknown])[] =>
    targets.map(({ path, query }) => [path, query])

  test('is the whole cluster, or each namespace', () => {
    expect(
      paths(targetsOf({ ...virtualService, versions: ['v1'] }, virtualService, { namespaces: [] })),
    ).toEqual([['/apis/networking.istio.io/v1/virtualservices', {}]])
    expect(
      paths(
        targetsOf({ ...virtualService, versions: ['v1'] }, virtualService, {
          namespaces: ['a', 'b'],
          labelSelector: 'x=y',
        }),
      ),
    ).toEqual([
      ['/apis/networking.istio.io/v1/namespaces/a/virtualservices', { labelSelector: 'x=y' }],
      ['/apis/networking.istio.io/v1/namespaces/b/virtualservices', { labelSelector: 'x=y' }],
    ])
  })

  test(
    'is of what Kubernetes defines everything, whatever its labels, and of namespaces those that are ' +
      'selected',
    () => {
      expect(
        paths(targetsOf({ ...pod, versions: ['v1'] }, pod, { namespaces: [], labelSelector: 'x=y' })),
      ).toEqual([['/api/v1/pods', {}]])
      expect(
        paths(targetsOf({ ...namespaceKind, versions: ['v1'] }, namespaceKind, { namespaces: ['a'] })),
      ).toEqual([['/api/v1/namespaces', { fieldSelector: 'metadata.name=a' }]])
    },
  )

  test('is one object where only one is read', () => {
    const configMap: ServedKind = {
      group: '',
      version: 'v1',
      kind: 'ConfigMap',
      plural: 'configmaps',
      namespaced: true,
    }
    const wanted = { ...configMap, versions: ['v1'], only: { namespace: 'mesh', name: 'settings' } }
    expect(paths(targetsOf(wanted, configMap, { namespaces: [] }))).toEqual([
      ['/api/v1/namespaces/mesh/configmaps', { fieldSelector: 'metadata.name=settings' }],
    ])
    expect(paths(targetsOf(wanted, configMap, { namespaces: ['a'] }))).toEqual([])
    expect(secretTarget({ namespace: 'a', name: 's' })).toMatchObject({
      path: '/api/v1/namespaces/a/secrets',
      query: { fieldSelector: 'metadata.name=s' },
    })
  })
})
