import type { EnvoyAdmin } from '../envoy/admin.ts'
import { expectedRoute } from './expected-route.ts'

const mirrorCluster = expectedRoute.route.request_mirror_policies[0].cluster

/**
 * The share of requests, 0 to 1, that Envoy mirrors to cluster B by its own config dump; 0 if it has no such
 * policy.
 */
export async function shareInForce(envoy: EnvoyAdmin): Promise<number> {
  const routes = await envoy.configDump('dynamic_route_configs').catch(() => undefined)
  return mirrorPolicies(routes).reduce<number>((sum, policy) => sum + share(policy), 0)
}

interface Policy {
  readonly cluster?: unknown
  readonly runtime_fraction?: { readonly default_value?: { readonly numerator?: number } }
}

function mirrorPolicies(value: unknown): readonly Policy[] {
  if (value === null || typeof value !== 'object') return []
  if ('runtime_fraction' in value && 'cluster' in value && value.cluster === mirrorCluster)
    return [value as Policy]
  return Object.values(value).flatMap(mirrorPolicies)
}

function share({ runtime_fraction }: Policy): number {
  return (runtime_fraction?.default_value?.numerator ?? 0) / 1_000_000
}
