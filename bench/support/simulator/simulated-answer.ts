/** The simulator's answer for a request, beside that of a real Envoy. */
import { isForwarded } from '../../../src/simulate/forward.ts'
import type { Destination, Forwarding, SimulatedMirror } from '../../../src/simulate/forward.ts'
import type { Simulation } from '../../../src/simulate/simulation.ts'
import type { EchoArrival } from '../echo-backend.ts'
import type { RawAnswer } from '../raw-request.ts'
import { routeLabel } from './simulated-envoy.ts'

export interface Observation {
  readonly answer: RawAnswer
  /** At all backends: the request itself, and its copies. */
  readonly arrivals: readonly EchoArrival[]
}

/** How often a mirror that copies only some requests could have fired, and did. */
export interface PartialMirror {
  readonly millionths: number
  readonly fired: boolean
}

export interface Comparison {
  /** Empty: Envoy did as predicted. */
  readonly differences: readonly string[]
  readonly partial: readonly PartialMirror[]
}

/**
 * Compares route, status, cluster, rewritten host and path, and every copy. A weighted route may go to any of
 * its clusters.
 */
export function compare(simulation: Simulation, { answer, arrivals }: Observation): Comparison {
  const said =
    simulation.taken === undefined
      ? undefined
      : routeLabel(simulation.virtualHost?.virtualHost.name, simulation.taken.index)
  const route = routeDifference(simulation, said ?? 'none', header(answer, 'x-route') ?? 'none')
  const { outcome } = simulation
  switch (outcome.kind) {
    case 'forward': {
      const compared = compareForwarding(outcome.forwarding, { answer, arrivals })
      return { ...compared, differences: [...route, ...compared.differences] }
    }
    case 'redirect':
      return answered(
        route,
        difference('status', outcome.redirection.status, answer.status),
        difference('location', outcome.redirection.location, header(answer, 'location')),
        unasked(arrivals),
      )
    case 'direct-response':
      return answered(route, difference('status', outcome.status, answer.status), unasked(arrivals))
    case 'refused':
      return answered(route, difference('status', outcome.status, answer.status), unasked(arrivals))
    case 'tcp':
      return answered(['no TCP was configured'])
  }
}

/** Adds the predicted reason why the route that Envoy took does not match. */
function routeDifference(
  { passedOver, virtualHost }: Simulation,
  said: string,
  found: string,
): readonly string[] {
  const wrong = passedOver.find(({ index }) => routeLabel(virtualHost?.virtualHost.name, index) === found)
  return difference('route', said, found).map((text) =>
    wrong === undefined ? text : `${text}, of which was said: ${wrong.because}`,
  )
}

function compareForwarding(
  { destinations, mirrors }: Forwarding,
  { answer, arrivals }: Observation,
): Comparison {
  const number = header(answer, 'x-arrival')
  const own = arrivals.find((arrival) => String(arrival.number) === number)
  const candidates = destinationsOf(destinations, header(answer, 'x-cluster'))
  const [destination] = candidates
  if (destination === undefined)
    return answered([
      `cluster: said ${destinations.map(({ cluster }) => cluster).join(' or ')}, Envoy took ` +
        `${header(answer, 'x-cluster') ?? 'none'} and answered ${answer.status} ${answer.error ?? ''}`,
    ])
  if (!isForwarded(destination))
    return answered(difference('status', destination.failure, answer.status), unasked(arrivals))
  if (own === undefined)
    return answered([
      `forwarded to ${destination.cluster}: said yes, Envoy answered ${answer.status} ${answer.error ?? ''}`,
    ])
  const copies = compareCopies(
    mirrors,
    arrivals.filter((arrival) => arrival !== own),
  )
  // A cluster may appear twice among the destinations, each time with other headers.
  const [closest = []] = candidates
    .map((each) => compareArrival(each, own))
    .toSorted((a, b) => a.length - b.length)
  return {
    differences: [...difference('status', 200, answer.status), ...closest, ...copies.differences],
    partial: copies.partial,
  }
}

function compareArrival(destination: Destination, own: EchoArrival): readonly string[] {
  return [
    ...difference('host', destination.authority, own.host),
    ...difference('path', destination.path, own.path),
    ...difference(
      'headers',
      customHeaders(destination.headers),
      customHeaders(Object.entries(own.headers).map(([name, value]) => [name, String(value)])),
    ),
    ...(isAt(destination, own)
      ? []
      : [`backend of ${destination.cluster}: ${own.port} is none of its endpoints`]),
  ]
}

/** Headers that the configurations change, or that report the change. */
const compared = ['x-a', 'x-b', 'x-set', 'x-add', 'x-envoy-original-host', 'x-envoy-original-path']

function customHeaders(headers: readonly (readonly [string, string])[]): string {
  return compared
    .map(
      (name) =>
        `${name}=${headers
          .filter(([each]) => each === name)
          .map(([, value]) => value)
          .join(', ')}`,
    )
    .join(' ')
}

/** Envoy omits the name of a cluster that does not exist. */
function destinationsOf(
  destinations: readonly Destination[],
  cluster: string | undefined,
): readonly Destination[] {
  return destinations.filter((each) =>
    cluster === undefined ? each.state.kind === 'missing' : each.cluster === cluster,
  )
}

function compareCopies(mirrors: readonly SimulatedMirror[], arrivals: readonly EchoArrival[]): Comparison {
  const fired = assign(arrivals, mirrors)
  if (fired === undefined) {
    const said = mirrors.map(
      ({ cluster, millionths, authorities, path, withheld }) =>
        `${withheld ? 'nothing' : `${millionths / 10_000} %`} to ${cluster} as ` +
        `${authorities.join(' or ')}${path}`,
    )
    return answered([
      `copies: said ${said.join(', ')}; came ` +
        arrivals.map(({ port, host, path }) => `at ${port} as ${host}${path}`).join(', '),
    ])
  }
  // The arrivals do not show which of two mirrors of one cluster made a copy.
  const alone = mirrors.filter((mirror) =>
    mirrors.every(
      (other) => other === mirror || !endpointsOf(other).some((each) => endpointsOf(mirror).includes(each)),
    ),
  )
  const partial = alone.filter(
    (mirror) => !isCertain(mirror) && !mirror.withheld && endpointsOf(mirror).length > 0,
  )
  return {
    differences: [],
    partial: partial.map((mirror) => ({ millionths: mirror.millionths, fired: fired.includes(mirror) })),
  }
}

/**
 * The mirrors that must have fired for these arrivals, all of those that fire for certain among them;
 * undefined if it cannot be.
 */
function assign(
  arrivals: readonly EchoArrival[],
  mirrors: readonly SimulatedMirror[],
): readonly SimulatedMirror[] | undefined {
  const [first, ...others] = arrivals
  if (first === undefined) return mirrors.some(isCertain) ? undefined : []
  const able = mirrors.filter(
    (mirror) =>
      isAt(mirror, first) &&
      mirror.millionths > 0 &&
      !mirror.withheld &&
      mirror.authorities.includes(first.host) &&
      first.path === mirror.path,
  )
  for (const mirror of able) {
    const rest = assign(
      others,
      mirrors.filter((each) => each !== mirror),
    )
    if (rest !== undefined) return [mirror, ...rest]
  }
  return undefined
}

function isCertain(mirror: SimulatedMirror): boolean {
  return mirror.millionths === 1_000_000 && !mirror.withheld && endpointsOf(mirror).length > 0
}

function endpointsOf({ state }: Pick<SimulatedMirror, 'state'>): readonly string[] {
  return state.kind === 'endpoints' ? state.ready : []
}

function isAt({ state }: Pick<Destination, 'state'>, { port }: EchoArrival): boolean {
  return endpointsOf({ state }).includes(`127.0.0.1:${port}`)
}

function unasked(arrivals: readonly EchoArrival[]): readonly string[] {
  return arrivals.map(({ port, host, path }) => `arrived unasked at ${port}: Host ${host}, path ${path}`)
}

function difference(
  what: string,
  said: string | number | undefined,
  found: string | number | undefined,
): readonly string[] {
  return said === found ? [] : [`${what}: said ${said ?? 'none'}, Envoy ${found ?? 'none'}`]
}

function answered(...differences: readonly (readonly string[])[]): Comparison {
  return { differences: differences.flat(), partial: [] }
}

function header({ headers }: RawAnswer, name: string): string | undefined {
  const value = headers[name]
  // Envoy writes `-` for what it does not have.
  return typeof value === 'string' && value !== '-' ? value : undefined
}
