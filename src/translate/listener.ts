import type { ListenerPlan } from '../resolve/plan/plan.ts'
import type { Message } from '../xds/proto.ts'
import { apiListener, managerFilter, routesOverAds } from './http-connection.ts'
import type { ManagedRoutes } from './http-connection.ts'
import { interceptedListener } from './interception.ts'
import type { PathOptions } from './path-options.ts'

type Listener = Message<'envoy.config.listener.v3.Listener'>

/**
 * envoy.config.listener.v3.Listener with one HTTP connection manager that takes its routes over ADS; for gRPC
 * clients one for each name.
 */
export function listeners(
  plan: ListenerPlan,
  routeConfiguration: string,
  paths: PathOptions,
): readonly (Listener & { readonly name: string })[] {
  switch (plan.kind) {
    case 'socket':
      return [socketListener(plan, { from: routesOverAds(routeConfiguration), paths })]
    case 'intercepted':
      return plan.listeners.map((each) => interceptedListener(each, paths))
    case 'shared':
      return []
    case 'api':
      return plan.names.map((name) => ({
        name,
        api_listener: apiListener(routesOverAds(routeConfiguration)),
      }))
  }
}

function socketListener(
  { side, name, address, port }: Extract<ListenerPlan, { kind: 'socket' }>,
  routes: ManagedRoutes,
): Listener & { readonly name: string } {
  return {
    name,
    address: { socket_address: { address, port_value: port } },
    traffic_direction: 'OUTBOUND',
    filter_chains: [{ filters: [managerFilter(side, name, routes)] }],
  }
}
