import type { EgressListener } from '../../model/egress.ts'
import type { Scope } from '../../xds/scope.ts'
import { boundAddress } from './binding.ts'
import { listenerForPort, servicesThrough, tablesThrough } from '../egress.ts'
import type { Reach } from '../egress.ts'
import type { RouteConfigurationPlan } from './plan.ts'
import type { MeshModel } from './sidecar-plan.ts'

/**
 * The plans of a scope as far as its egress rule lets it see: each listener of the rule has services and
 * route tables of its own, and takes the ports that none before it takes.
 */
export function plansThrough(
  reach: Reach | undefined,
  scope: Scope,
  {
    model,
    plan,
  }: { readonly model: MeshModel; readonly plan: (model: MeshModel) => readonly RouteConfigurationPlan[] },
): readonly RouteConfigurationPlan[] {
  if (reach === undefined) return plan(model)
  return reach.listeners.flatMap((listener) =>
    plan({
      ...model,
      services: servicesThrough(listener, model.services),
      tables: tablesThrough(listener, model.tables),
      outside: reach.outsideTraffic ?? model.outside,
    })
      .filter(({ port }) => listenerForPort(reach, port) === listener)
      .map((each) => bound(each, listener, scope)),
  )
}

/** A rule may say where a listener binds. */
function bound(plan: RouteConfigurationPlan, { bind }: EgressListener, scope: Scope): RouteConfigurationPlan {
  if (bind === '' || plan.listener.kind !== 'socket') return plan
  return {
    ...plan,
    listener: { ...plan.listener, name: `${bind}_${plan.port}`, address: boundAddress(scope, bind) },
  }
}
