import { compareText } from '../model/names.ts'
import type { ResolvedCluster, ResolvedEndpoint } from '../resolve/cluster.ts'
import type { Message } from '../xds/proto.ts'

/** envoy.config.endpoint.v3.ClusterLoadAssignment: endpoints by priority and locality, sorted. */
export function loadAssignment({
  assignment,
  endpoints,
  localities: { weights },
}: Pick<
  ResolvedCluster,
  'assignment' | 'endpoints' | 'localities'
>): Message<'envoy.config.endpoint.v3.ClusterLoadAssignment'> {
  const limited = [...Map.groupBy(endpoints, ({ priority }) => priority).values()].flatMap(withinLimit)
  const groups = [
    ...Map.groupBy(limited, ({ priority, locality: name }) => `${priority}|${name}`).values(),
  ].toSorted(byPriority)
  return {
    cluster_name: assignment,
    ...(groups.length === 0
      ? {}
      : {
          endpoints: groups.map((members) => {
            const { priority = 0, locality: name = '' } = members[0] ?? {}
            return {
              locality: locality(name),
              lb_endpoints: members.toSorted(byAddress).map(lbEndpoint),
              load_balancing_weight:
                weights?.[name] ?? members.reduce((sum, member) => sum + member.weight, 0),
              ...(priority === 0 ? {} : { priority }),
            }
          }),
        }),
  }
}

/**
 * The weights of a locality's endpoints, and of the localities of a priority, may add up to a uint32
 * (`load_balancing_weight` of LbEndpoint and LocalityLbEndpoints).
 */
const mostWeight = 2 ** 32 - 1

function withinLimit(members: readonly ResolvedEndpoint[]): readonly ResolvedEndpoint[] {
  const sum = members.reduce((total, { weight }) => total + weight, 0)
  if (sum <= mostWeight) return members
  const share = (mostWeight - members.length) / sum // room for those that would come to nothing
  return members.map((member) => ({ ...member, weight: Math.max(1, Math.floor(member.weight * share)) }))
}

function byPriority([a]: readonly ResolvedEndpoint[], [b]: readonly ResolvedEndpoint[]): number {
  return a === undefined || b === undefined
    ? 0
    : a.priority - b.priority || compareText(a.locality, b.locality)
}

/** A Unix socket, by its path; `@` begins the name of an abstract one. */
const socket = 'unix://'

function lbEndpoint({
  address,
  port,
  weight,
  health,
}: ResolvedEndpoint): Message<'envoy.config.endpoint.v3.LbEndpoint'> {
  return {
    endpoint: {
      address: address.startsWith(socket)
        ? { pipe: { path: address.slice(socket.length) } }
        : { socket_address: { address, port_value: port } },
    },
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
