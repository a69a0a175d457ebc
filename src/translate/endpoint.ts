import { compareText } from '../model/names.ts'
import type { ResolvedCluster, ResolvedEndpoint } from '../resolve/cluster.ts'
import type { Message } from '../xds/proto.ts'

/** envoy.config.endpoint.v3.ClusterLoadAssignment: endpoints by locality, sorted. */
export function loadAssignment({ assignment, endpoints }: Pick<ResolvedCluster, 'assignment' | 'endpoints'>): Message<'envoy.config.endpoint.v3.ClusterLoadAssignment'> {
  const localities = [...Map.groupBy(endpoints, (endpoint) => endpoint.locality)].toSorted(([a], [b]) => compareText(a, b))
  return {
    cluster_name: assignment,
    ...(localities.length === 0 ? {} : {
      endpoints: localities.map(([name, members]) => ({
        locality: locality(name),
        lb_endpoints: members.toSorted(byAddress).map(lbEndpoint),
        load_balancing_weight: members.reduce((sum, member) => sum + member.weight, 0),
      })),
    }),
  }
}

function lbEndpoint({ address, port, weight, health }: ResolvedEndpoint): Message<'envoy.config.endpoint.v3.LbEndpoint'> {
  return {
    endpoint: { address: { socket_address: { address, port_value: port } } },
    ...(health === undefined ? {} : { health_status: 'HEALTHY' as const }),
    load_balancing_weight: weight,
  }
}

function locality(name: string): Message<'envoy.config.core.v3.Locality'> {
  const [region = '', zone = '', subZone = ''] = name.split('/')
  return {
    ...(region === '' ? {} : { region }),
    ...(zone === '' ? {} : { zone }),
    ...(subZone === '' ? {} : { sub_zone: subZone }),
  }
}

function byAddress(a: ResolvedEndpoint, b: ResolvedEndpoint): number {
  return compareText(a.address, b.address) || a.port - b.port
}
