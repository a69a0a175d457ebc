import { splitPort } from './authority.ts'
import type {
  ConnectionManager,
  EnvoyConfiguration,
  FilterChain,
  Listener,
  Route,
  RouteConfiguration,
  VirtualHost,
} from './configuration.ts'
import { virtualHostsOf } from './configuration.ts'
import { forwarding } from './forward.ts'
import type { RouteSurroundings } from './forward.ts'
import { addressOf, chooseFilterChain, chooseListener, portOf } from './listener.ts'
import { receive } from './receive.ts'
import { redirection, redirectionToTls } from './redirect.ts'
import { headerValues } from './request.ts'
import type { SimulatedRequest } from './request.ts'
import { judge } from './route-match.ts'
import type { Outcome, PassedOver, Simulation, TakenRoute } from './simulation.ts'

/**
 * Predicts the treatment of a request by a stock Envoy with this configuration, as far as it can be known
 * without sending it.
 */
export function simulate(configuration: EnvoyConfiguration, request: SimulatedRequest): Simulation {
  const listener = chooseListener(configuration.listeners, request)
  if (listener === undefined)
    return { passedOver: [], outcome: refused(undefined, `nothing listens on port ${request.port}`) }
  const chain = chooseFilterChain(listener, request)
  const problem = connectionProblem(listener, chain, request)
  if (problem !== undefined || chain === undefined)
    return { listener, passedOver: [], outcome: refused(undefined, problem ?? 'no filter chain') }
  const manager = managerOf(chain)
  return manager === undefined
    ? { listener, passedOver: [], outcome: tcpOutcome(chain) }
    : { listener, ...managed(configuration, manager, request) }
}

function connectionProblem(
  listener: Listener,
  chain: FilterChain | undefined,
  { scheme, port, address }: SimulatedRequest,
): string | undefined {
  const where = `${listener.name ?? ''} (${addressOf(listener)}:${portOf(listener) ?? port})`
  if (chain === undefined)
    return (
      `${where} has no filter chain for ` +
      `${scheme === 'https' ? `TLS with the server name ${address}` : 'a connection without TLS'}: ` +
      `it is closed`
    )
  const isTls = chain.transport_socket !== undefined
  if (managerOf(chain) === undefined || isTls === (scheme === 'https')) return undefined
  return isTls
    ? `${where} speaks TLS, and the request comes without`
    : `${where} speaks HTTP without TLS, and the request comes with it`
}

function managerOf({ filters = [] }: FilterChain): ConnectionManager | undefined {
  return filters.find(
    ({ typed_config: config }) => config?.['@type'].endsWith('.HttpConnectionManager') === true,
  )?.typed_config as ConnectionManager | undefined
}

function tcpOutcome({ filters = [] }: FilterChain): Outcome {
  const proxy = filters.find(
    ({ typed_config: config }) => config?.['@type'].endsWith('.TcpProxy') === true,
  )?.typed_config
  const cluster = proxy?.['cluster']
  return typeof cluster === 'string'
    ? { kind: 'tcp', cluster }
    : refused(undefined, 'the filter chain neither speaks HTTP nor forwards connections')
}

function managed(
  configuration: EnvoyConfiguration,
  manager: ConnectionManager,
  request: SimulatedRequest,
): Simulation {
  const received = receive(request, manager)
  if (received === undefined)
    return { passedOver: [], outcome: refused(400, `Envoy does not take the path ${request.path}`) }
  const routeConfiguration =
    manager.route_config ??
    configuration.routeConfigurations.find(({ name }) => name === manager.rds?.route_config_name)
  const name = routeConfiguration?.name ?? manager.rds?.route_config_name ?? ''
  if (routeConfiguration === undefined)
    return { received, passedOver: [], outcome: refused(404, `there is no route configuration ${name}`) }
  const chosen = chooseVirtualHost(
    virtualHostsOf(configuration, routeConfiguration),
    received.authority,
    routeConfiguration,
  )
  if (chosen === undefined)
    return {
      received,
      routeConfiguration: name,
      passedOver: [],
      outcome: refused(404, `no virtual host of ${name} has a domain for ${received.authority}`),
    }
  const surroundings = { configuration, routeConfiguration, virtualHost: chosen.virtualHost, received }
  return { received, routeConfiguration: name, virtualHost: chosen, ...routed(surroundings) }
}

function routed(surroundings: RouteSurroundings): Pick<Simulation, 'passedOver' | 'taken' | 'outcome'> {
  const { virtualHost, received, configuration } = surroundings
  if (
    virtualHost.require_tls !== undefined &&
    virtualHost.require_tls !== 'NONE' &&
    received.scheme !== 'https'
  ) {
    return { passedOver: [], outcome: { kind: 'redirect', redirection: redirectionToTls(received) } }
  }
  // A request of which Envoy does not know how it came has no route at all.
  if (headerValues(received, 'x-forwarded-proto').includes(''))
    return { passedOver: [], outcome: refused(404, 'the header x-forwarded-proto is empty') }
  const passedOver: PassedOver[] = []
  for (const [index, route] of (virtualHost.routes ?? []).entries()) {
    const verdict = judge(route.match ?? {}, received, configuration.runtime ?? {})
    if (verdict.matches)
      return {
        passedOver,
        taken: taken(route, surroundings, { index, millionths: verdict.millionths }),
        outcome: outcomeOf(route, surroundings),
      }
    passedOver.push({ route, index, because: verdict.because })
  }
  return { passedOver, outcome: refused(404, 'no route of the virtual host matches') }
}

function taken(
  route: Route,
  { virtualHost, routeConfiguration }: RouteSurroundings,
  found: Pick<TakenRoute, 'index' | 'millionths'>,
): TakenRoute {
  const filters = {
    ...routeConfiguration.typed_per_filter_config,
    ...virtualHost.typed_per_filter_config,
    ...route.typed_per_filter_config,
  }
  return { route, ...found, filters }
}

function outcomeOf(route: Route, surroundings: RouteSurroundings): Outcome {
  const { received } = surroundings
  if (route.redirect !== undefined)
    return { kind: 'redirect', redirection: redirection(route.redirect, route.match ?? {}, received) }
  if (route.direct_response !== undefined) {
    const { inline_string: text, inline_bytes: base64 = '' } = route.direct_response.body ?? {}
    return {
      kind: 'direct-response',
      status: route.direct_response.status ?? 200,
      body: text ?? Buffer.from(base64, 'base64').toString(),
    }
  }
  if (route.route !== undefined)
    return { kind: 'forward', forwarding: forwarding(route, route.route, surroundings) }
  return refused(404, 'the route has no action')
}

function refused(status: number | undefined, because: string): Outcome {
  return { kind: 'refused', status, because }
}

interface ChosenVirtualHost {
  readonly virtualHost: VirtualHost
  /** The domain that matched. */
  readonly domain: string
}

/**
 * The virtual host for an authority: an exact domain, else the longest `*suffix`, else the longest `prefix*`,
 * else `*`. A star needs at least one character. Case does not matter.
 */
function chooseVirtualHost(
  virtualHosts: readonly VirtualHost[],
  authority: string,
  { ignore_port_in_host_matching: ignoresPort }: RouteConfiguration,
): ChosenVirtualHost | undefined {
  const host = (ignoresPort === true ? splitPort(authority).host : authority).toLowerCase()
  const all = virtualHosts.flatMap((virtualHost) =>
    (virtualHost.domains ?? []).map((domain) => ({ virtualHost, domain, pattern: domain.toLowerCase() })),
  )
  const longest = (fits: (pattern: string) => boolean) =>
    all
      .filter(({ pattern }) => pattern !== '*' && fits(pattern))
      .toSorted((a, b) => b.pattern.length - a.pattern.length)[0]
  const covers = (part: string): boolean => part.length < host.length
  return (
    all.find(({ pattern }) => pattern === host && pattern !== '*') ??
    longest(
      (pattern) => pattern.startsWith('*') && covers(pattern.slice(1)) && host.endsWith(pattern.slice(1)),
    ) ??
    longest(
      (pattern) =>
        pattern.endsWith('*') && covers(pattern.slice(0, -1)) && host.startsWith(pattern.slice(0, -1)),
    ) ??
    all.find(({ pattern }) => pattern === '*')
  )
}
