import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { objectKey } from '../../src/diagnostics/diagnostic.ts'
import type { Manifest } from '../../src/manifest/manifest.ts'
import { allResources, broken, configuration, manifestOf, object, pipelineOf, runs } from './universe.ts'

/** A Pod has no field that could be refused. */
const refusable = object.filter(({ id }) => id.kind !== 'Pod')

describe('edits that are refused', () => {
  test('change no byte, and later edits of others count as if they had not been', () => {
    fc.assert(
      fc.property(
        configuration,
        fc.array(refusable, { minLength: 1, maxLength: 3 }),
        fc.array(object, { maxLength: 3 }),
        (initial, edited, later) => {
          const manifests = new Map([
            ...initial,
            ...edited.map((manifest) => [objectKey(manifest.id), manifest] as const),
          ])
          const pipeline = pipelineOf(manifests.values())
          const served = allResources(pipeline)
          for (const manifest of edited) pipeline.setManifest(objectKey(manifest.id), broken(manifest))
          pipeline.flush()
          expect(allResources(pipeline)).toEqual(served)

          for (const manifest of later.filter(
            ({ id }) => !edited.some((each) => objectKey(each.id) === objectKey(id)),
          )) {
            manifests.set(objectKey(manifest.id), manifest)
            pipeline.setManifest(objectKey(manifest.id), manifest)
          }
          pipeline.flush()
          expect(allResources(pipeline)).toEqual(allResources(pipelineOf(manifests.values())))
        },
      ),
      runs,
    )
  })

  const service = manifestOf({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'a' },
    spec: { ports: [{ name: 'http', port: 80 }] },
  })
  const slice = manifestOf({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'a-1', labels: { 'kubernetes.io/service-name': 'a' } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080 }],
    endpoints: [{ addresses: ['10.0.0.1'] }],
  })
  const workload = (address: string) =>
    manifestOf({
      apiVersion: 'networking.istio.io/v1',
      kind: 'WorkloadEntry',
      metadata: { name: 'w', labels: { app: 'x' } },
      spec: { address },
    })
  const entry = manifestOf({
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name: 'x' },
    spec: {
      hosts: ['x.example'],
      ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
      resolution: 'STATIC',
      workloadSelector: { labels: { app: 'x' } },
    },
  })
  const afterwards = (initial: readonly Manifest[], edits: readonly Manifest[]): readonly string[] => {
    const pipeline = pipelineOf(initial)
    for (const manifest of edits) {
      pipeline.setManifest(objectKey(manifest.id), manifest)
      pipeline.flush()
    }
    return allResources(pipeline)
  }

  test('of a Service leave it its endpoints', () => {
    expect(afterwards([service, slice], [broken(service)])).toEqual(afterwards([service, slice], []))
  })

  test('of a WorkloadEntry leave it among the endpoints of those that select it', () => {
    expect(afterwards([workload('10.0.0.1'), entry], [broken(workload('10.0.0.1'))])).toEqual(
      afterwards([workload('10.0.0.1'), entry], []),
    )
  })

  test('of a ServiceEntry do not keep workloads from coming and going', () => {
    expect(afterwards([workload('10.0.0.1'), entry], [broken(entry), workload('10.0.0.2')])).toEqual(
      afterwards([workload('10.0.0.2'), entry], []),
    )
  })
})
