import { parseAllDocuments } from 'yaml'
import type { KubernetesApi } from '../../../src/kubernetes/api.ts'
import { mirroringVirtualService } from '../mesh-fleet.ts'
import { serviceManifests } from '../service-manifests.ts'

const paths: Readonly<Record<string, string>> = {
  Service: '/api/v1/namespaces/default/services',
  EndpointSlice: '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices',
  VirtualService: '/apis/networking.istio.io/v1/namespaces/default/virtualservices',
}

/** A mesh in a cluster, as `writeMeshFleet` has one on disk. */
export interface ClusterFleet {
  /** Gives a VirtualService another share, in parts per million; resolves when the API server has it. */
  setShare(index: number, millionths: number): Promise<void>
}

export async function createClusterFleet(api: KubernetesApi, size: number): Promise<ClusterFleet> {
  for (let index = 0; index < size; index += 1) {
    const text = `${serviceManifests(`service-${index}`, `10.1.${Math.floor(index / 256)}.${index % 256}`)}---\n${mirroringVirtualService({ index, size, millionths: 500_000 })}`
    for (const document of parseAllDocuments(text)) {
      const object = document.toJS() as { readonly kind: string; readonly spec?: object }
      // The range of addresses of services is small.
      const body =
        object.kind === 'Service' ? { ...object, spec: { ...object.spec, clusterIP: 'None' } } : object
      await api.request({ path: paths[object.kind] ?? '', method: 'POST', body })
    }
  }
  return {
    async setShare(index, millionths) {
      await api.request({
        path: `${paths['VirtualService']}/service-${index}`,
        method: 'PATCH',
        contentType: 'application/json-patch+json',
        body: [{ op: 'replace', path: '/spec/http/0/mirrorPercentage/value', value: millionths / 10_000 }],
      })
    },
  }
}
