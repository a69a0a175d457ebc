import type { EnvoyConfiguration, LoadAssignment } from './configuration.ts'

/** The endpoints and settings behind a cluster's name. */
export type ClusterState =
  /** Envoy has no such cluster. */
  | { readonly kind: 'missing' }
  /** `address:port` of those that get requests, and how many others there are. */
  | { readonly kind: 'endpoints'; readonly ready: readonly string[]; readonly unready: number }
  /** Names that Envoy asks DNS for. */
  | { readonly kind: 'dns'; readonly names: readonly string[] }
  /** To where the client was going. */
  | { readonly kind: 'original-destination' }

/** Envoy's knowledge of a cluster before any request: what EDS says, without active health checks. */
export function clusterState({ clusters, loadAssignments }: EnvoyConfiguration, name: string): ClusterState {
  const cluster = clusters.find((each) => each.name === name)
  if (cluster === undefined) return { kind: 'missing' }
  const service = cluster.eds_cluster_config?.service_name ?? ''
  const assignment =
    cluster.load_assignment ??
    loadAssignments.find((each) => each.cluster_name === (service === '' ? name : service)) ??
    {}
  switch (cluster.type) {
    case 'ORIGINAL_DST':
      return { kind: 'original-destination' }
    case 'STRICT_DNS':
    case 'LOGICAL_DNS':
      return { kind: 'dns', names: endpointsOf(assignment).map(({ address }) => address) }
    default: {
      const endpoints = endpointsOf(assignment)
      const ready = endpoints.filter((endpoint) => endpoint.ready).map(({ address }) => address)
      return { kind: 'endpoints', ready, unready: endpoints.length - ready.length }
    }
  }
}

const httpOptions = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'

interface UpstreamFilter {
  readonly name?: string
  readonly typed_config?: { readonly max_request_bytes?: number }
}

/**
 * Bytes of the largest request body that the cluster takes: one with the upstream filter
 * `envoy.filters.http.buffer` gives up on larger ones.
 */
export function largestBody({ clusters }: EnvoyConfiguration, name: string): number | undefined {
  const options = clusters.find((each) => each.name === name)?.typed_extension_protocol_options?.[httpOptions]
  const filters = (options?.['http_filters'] ?? []) as readonly UpstreamFilter[]
  return filters.find((filter) => filter.name === 'envoy.filters.http.buffer')?.typed_config
    ?.max_request_bytes
}

/** No endpoint can get a request for it: Envoy answers with an error, and makes no copy. */
export function isDown(state: ClusterState): boolean {
  return state.kind === 'missing' || (state.kind === 'endpoints' && state.ready.length === 0)
}

const readyStatuses: readonly (string | undefined)[] = [undefined, 'UNKNOWN', 'HEALTHY', 'DEGRADED']

function endpointsOf({
  endpoints = [],
}: LoadAssignment): readonly { readonly address: string; readonly ready: boolean }[] {
  return endpoints
    .flatMap(({ lb_endpoints: members = [] }) => members)
    .map(({ endpoint, health_status: status }) => {
      const { address = '', port_value: port = 0 } = endpoint?.address?.socket_address ?? {}
      return {
        address: `${address.includes(':') ? `[${address}]` : address}:${port}`,
        ready: readyStatuses.includes(status),
      }
    })
}
