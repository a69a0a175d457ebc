import type { Simulation } from '../../../src/simulate/simulation.ts'
import { compare } from './simulated-answer.ts'
import type { Observation } from './simulated-answer.ts'
import { routeLabel } from './simulated-envoy.ts'

/**
 * The differences between a request's result and the simulator's; empty if there are none. Like `compare`,
 * for an Envoy whose answers do not report the route and the cluster: the status, the backend and the copies
 * must be right.
 */
export function answerDifferences(
  simulation: Simulation,
  { answer, arrivals }: Observation,
): readonly string[] {
  const { outcome, taken, virtualHost } = simulation
  if (outcome.kind === 'refused' && outcome.status === undefined)
    return answer.status === 0 ? [] : [`said no connection, Envoy answered ${answer.status}`]
  const route =
    taken === undefined ? {} : { 'x-route': routeLabel(virtualHost?.virtualHost.name, taken.index) }
  const cluster = outcome.kind === 'forward' ? clusterHeader(outcome.forwarding.destinations) : {}
  return compare(simulation, {
    arrivals,
    answer: { ...answer, headers: { ...answer.headers, ...route, ...cluster } },
  }).differences
}

/** Envoy says no name of a cluster that does not exist. */
function clusterHeader([first, ...others]: readonly {
  readonly cluster: string
  readonly state: { readonly kind: string }
}[]): { readonly 'x-cluster'?: string } {
  if (others.length > 0) throw new Error('a weighted route: which destination was taken cannot be known')
  return first === undefined || first.state.kind === 'missing' ? {} : { 'x-cluster': first.cluster }
}
