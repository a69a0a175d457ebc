import type { KubernetesApi } from '../../../src/kubernetes/api.ts'
import { apply } from './definitions.ts'

interface Sample {
  readonly path: string
  readonly object: (
    name: string,
    edit: number,
  ) => {
    readonly apiVersion: string
    readonly kind: string
    readonly metadata: { readonly name: string }
    readonly [field: string]: unknown
  }
}

/** One kind of each dialect and each way in which kinds are served; `edit` shows in the object. */
export const samples: readonly Sample[] = [
  {
    path: '/api/v1/namespaces/default/services',
    object: (name, edit) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { ports: [{ name: 'http', port: 80 + edit }] },
    }),
  },
  {
    path: '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices',
    object: (name, edit) => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 8080 }],
      endpoints: [{ addresses: [`10.1.0.${edit + 1}`] }],
    }),
  },
  {
    path: '/apis/networking.istio.io/v1/namespaces/default/virtualservices',
    object: (name, edit) => ({
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name },
      spec: {
        hosts: [name],
        http: [
          {
            route: [{ destination: { host: name } }],
            mirror: { host: name },
            mirrorPercentage: { value: edit },
          },
        ],
      },
    }),
  },
  {
    path: '/apis/networking.istio.io/v1/namespaces/default/destinationrules',
    object: (name, edit) => ({
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: { name },
      spec: { host: name, trafficPolicy: { connectionPool: { tcp: { maxConnections: edit + 1 } } } },
    }),
  },
  {
    path: '/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes',
    object: (name, edit) => ({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name },
      spec: { hostnames: [`${name}.example`], rules: [{ backendRefs: [{ name, port: 80 + edit }] }] },
    }),
  },
  {
    path: '/apis/gloo.solo.io/v1/namespaces/default/upstreams',
    object: (name, edit) => ({
      apiVersion: 'gloo.solo.io/v1',
      kind: 'Upstream',
      metadata: { name },
      spec: { kube: { serviceName: name, serviceNamespace: 'default', servicePort: 80 + edit } },
    }),
  },
  {
    path: '/apis/getambassador.io/v3alpha1/namespaces/default/mappings',
    object: (name, edit) => ({
      apiVersion: 'getambassador.io/v3alpha1',
      kind: 'Mapping',
      metadata: { name },
      spec: { hostname: '*', prefix: `/${name}/${edit}/`, service: name },
    }),
  },
]

/** Creates or changes one object of every kind. */
export async function applySamples(api: KubernetesApi, name: string, edit: number): Promise<void> {
  for (const { path, object } of samples) await apply(api, path, object(name, edit))
}

export async function deleteSamples(api: KubernetesApi, name: string): Promise<void> {
  for (const { path } of samples) await api.request({ path: `${path}/${name}`, method: 'DELETE' })
}
