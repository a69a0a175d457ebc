import type {
  EnvoyConfiguration,
  Listener,
  Route,
  RouteConfiguration,
  VirtualHost,
} from '../../src/simulate/configuration.ts'
import type { SimulatedRequest } from '../../src/simulate/request.ts'
import { simulate } from '../../src/simulate/simulate.ts'
import type { Simulation } from '../../src/simulate/simulation.ts'
import { any } from '../../src/xds/proto.ts'

const manager = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'

export const plainListener: Listener = listener({})

export function listener(fields: Partial<Listener>): Listener {
  return {
    name: 'plain',
    address: { socket_address: { address: '0.0.0.0', port_value: 80 } },
    filter_chains: [
      {
        filters: [
          { typed_config: any(manager, { normalize_path: true, rds: { route_config_name: 'routes' } }) },
        ],
      },
    ],
    ...fields,
  }
}

export function request(path: string, fields: Partial<SimulatedRequest> = {}): SimulatedRequest {
  return {
    scheme: 'http',
    address: 'shop.test',
    port: 80,
    method: 'GET',
    authority: 'shop.test',
    path,
    headers: [],
    ...fields,
  }
}

/** An Envoy with endpoints at 192.0.2.1 for `one` and 192.0.2.2 for `two`; `empty` has none. */
export function envoy(
  virtualHosts: readonly VirtualHost[],
  routeConfiguration: Partial<RouteConfiguration> = {},
): EnvoyConfiguration {
  return {
    listeners: [plainListener],
    routeConfigurations: [
      {
        name: 'routes',
        ignore_port_in_host_matching: true,
        virtual_hosts: virtualHosts,
        ...routeConfiguration,
      },
    ],
    clusters: ['one', 'two', 'empty'].map((name) => ({
      name,
      type: 'EDS',
      eds_cluster_config: { service_name: name },
    })),
    loadAssignments: ['one', 'two'].map((name, index) => ({
      cluster_name: name,
      endpoints: [
        {
          lb_endpoints: [
            {
              endpoint: {
                address: { socket_address: { address: `192.0.2.${index + 1}`, port_value: 8080 } },
              },
            },
          ],
        },
      ],
    })),
  }
}

/** The result of a request with these routes. */
export function routed(routes: readonly Route[], asked: SimulatedRequest): Simulation {
  return simulate(envoy([{ name: 'all', domains: ['*'], routes }]), asked)
}

/** A route that the test tells by its name. */
export function route(name: string, match: NonNullable<Route['match']>): Route {
  return { name, match, direct_response: { status: 200 } }
}
