import type { MethodDefinition } from '@grpc/grpc-js'
import { resourceTypeByName } from '../xds/resource-types.ts'
import type { ResourceType, TypeName } from '../xds/resource-types.ts'
import type { Codec } from './codec.ts'

/** One of Envoy's discovery services (envoy/service): aggregated, or of one type. */
export interface Service {
  readonly name: string
  /** Its method in each variant of the protocol that it has. */
  readonly methods: Readonly<Partial<Record<Codec['mode'], string>>>
  /** Undefined for all types. */
  readonly type: ResourceType | undefined
}

export const aggregated = 'envoy.service.discovery.v3.AggregatedDiscoveryService'

export const services: readonly Service[] = [
  {
    name: aggregated,
    methods: { sotw: 'StreamAggregatedResources', delta: 'DeltaAggregatedResources' },
    type: undefined,
  },
  {
    name: 'envoy.service.cluster.v3.ClusterDiscoveryService',
    methods: { sotw: 'StreamClusters', delta: 'DeltaClusters' },
    type: alone('cluster'),
  },
  {
    name: 'envoy.service.endpoint.v3.EndpointDiscoveryService',
    methods: { sotw: 'StreamEndpoints', delta: 'DeltaEndpoints' },
    type: alone('endpoint'),
  },
  {
    name: 'envoy.service.listener.v3.ListenerDiscoveryService',
    methods: { sotw: 'StreamListeners', delta: 'DeltaListeners' },
    type: alone('listener'),
  },
  {
    name: 'envoy.service.route.v3.RouteDiscoveryService',
    methods: { sotw: 'StreamRoutes', delta: 'DeltaRoutes' },
    type: alone('route'),
  },
  {
    name: 'envoy.service.route.v3.VirtualHostDiscoveryService',
    methods: { delta: 'DeltaVirtualHosts' },
    type: alone('virtual-host'),
  },
  {
    name: 'envoy.service.runtime.v3.RuntimeDiscoveryService',
    methods: { sotw: 'StreamRuntime', delta: 'DeltaRuntime' },
    type: alone('runtime'),
  },
  {
    name: 'envoy.service.secret.v3.SecretDiscoveryService',
    methods: { sotw: 'StreamSecrets', delta: 'DeltaSecrets' },
    type: alone('secret'),
  },
]

/**
 * Bytes in, bytes out: the stream decodes requests, to answer mistakes clearly, and responses are encoded
 * already.
 */
export function streamingMethod(service: string, method: string): MethodDefinition<Buffer, Buffer> {
  const pass = (bytes: Buffer): Buffer => bytes
  return {
    path: `/${service}/${method}`,
    requestStream: true,
    responseStream: true,
    originalName: method,
    requestSerialize: pass,
    requestDeserialize: pass,
    responseSerialize: pass,
    responseDeserialize: pass,
  }
}

/**
 * A type on a stream of its own waits for no other: the order of types belongs to ADS ("Aggregated Discovery
 * Service").
 */
function alone(name: TypeName): ResourceType {
  const row = resourceTypeByName.get(name)
  if (row === undefined) throw new Error(`no resource type ${name}`)
  const { ownedBy: _, ...rest } = row
  return { ...rest, after: [], referredBy: [], resentWith: [] }
}
