import type { JsonObject } from '../../src/manifest/manifest.ts'
import { at, mapPolicies, mapRoutes, without } from './edit.ts'
import { isObject, text } from './output.ts'
import type { Output } from './output.ts'
import { expecting, onBoth } from './pair.ts'
import type { Adjustment } from './pair.ts'

const million = 1_000_000
const fraction = ['runtime_fraction', 'default_value'] as const

export const refusedMirrors: Adjustment = ({ istiod, ours }, { refusals }) => ({
  ours,
  istiod: mapRoutes(istiod, (route) => {
    const config = text(at(route, 'metadata', 'filter_metadata', 'istio', 'config'))
    const refused = refusals.some(
      ({ namespace, name, error }) =>
        config.endsWith(`/namespaces/${namespace}/virtual-service/${name}`) &&
        /max value of 100|both mirror and mirrors/.test(error),
    )
    return refused && isObject(route['route'])
      ? { ...route, route: without(route['route'], 'request_mirror_policies') }
      : route
  }),
})

export const roundsToZero: Adjustment = expecting((istiod) =>
  mapPolicies(istiod, (policies) =>
    policies.filter((policy) => at(policy, ...fraction, 'numerator') !== undefined),
  ),
)

/** A sidecar of istiod's names the listener's port where the mirror's host has another, single one. */
export const onlyPort: Adjustment = expecting((istiod) =>
  mapPolicies(istiod, (policies) =>
    policies.map((policy) => {
      const cluster = text(policy['cluster'])
      const [, , subset, host] = cluster.split('|')
      const ports = Object.keys(istiod.clusters).filter(
        (name) => name.startsWith('outbound|') && name.endsWith(`|${subset ?? ''}|${host ?? ''}`),
      )
      const [only, ...more] = ports
      return cluster in istiod.clusters || only === undefined || more.length > 0
        ? policy
        : { ...policy, cluster: only }
    }),
  ),
)

export const deadMirrors: Adjustment = expecting((istiod) =>
  mapPolicies(istiod, (policies) => policies.filter((policy) => text(policy['cluster']) in istiod.clusters)),
)

export const perMillion: Adjustment = expecting((istiod) =>
  mapPolicies(mapRoutes(istiod, withFaultsPerMillion), (policies) =>
    policies.map((policy) => {
      const numerator = Number(at(policy, ...fraction, 'numerator') ?? 0)
      return at(policy, ...fraction, 'denominator') === 'MILLION'
        ? policy
        : withFraction(policy, numerator * (million / 100))
    }),
  ),
)

function withFaultsPerMillion(route: JsonObject): JsonObject {
  const configs = route['typed_per_filter_config']
  const fault = at(configs, faultFilter)
  if (!isObject(configs) || !isObject(fault)) return route
  return {
    ...route,
    typed_per_filter_config: {
      ...configs,
      [faultFilter]: { ...fault, ...perMillionOf('delay', fault), ...perMillionOf('abort', fault) },
    },
  }
}

const faultFilter = 'envoy.filters.http.fault'

/** An abort without a percentage aborts nothing; a delay has one always. */
function perMillionOf(name: 'delay' | 'abort', fault: JsonObject): JsonObject {
  const part = fault[name]
  if (!isObject(part) || at(part, 'percentage', 'denominator') === 'MILLION') return {}
  const numerator = Number(at(part, 'percentage', 'numerator') ?? 0) * (million / 100)
  return {
    [name]: { ...part, percentage: { denominator: 'MILLION', ...(numerator === 0 ? {} : { numerator }) } },
  }
}

/**
 * istiod cuts where we round, so that ours may be one more; that it is the right one, the tests of fractions
 * say.
 */
export const exactRounding: Adjustment = ({ istiod, ours }) => {
  const wanted = policiesOf(ours).values()
  return {
    ours,
    istiod: mapPolicies(istiod, (policies) =>
      policies.map((policy) => {
        const numerator = Number(at(policy, ...fraction, 'numerator') ?? 0)
        const counterpart = wanted.next().value
        return at(counterpart, ...fraction, 'numerator') === numerator + 1
          ? withFraction(policy, numerator + 1)
          : policy
      }),
    ),
  }
}

const someKey = 'a key of ours'
const keyForm = /^shadowplane\.mirror\.[^.]+\.[^.]+\..+\.[0-9a-f]{12}(-\d+)?$/

/** Each policy has a key of the form promised, no two of a route the same. */
export const runtimeKeys: Adjustment = ({ istiod, ours }) => {
  const withKey = (policy: JsonObject, key: string): JsonObject => ({
    ...policy,
    runtime_fraction: {
      ...(isObject(policy['runtime_fraction']) ? policy['runtime_fraction'] : {}),
      runtime_key: key,
    },
  })
  return {
    istiod: mapPolicies(istiod, (policies) => policies.map((policy) => withKey(policy, someKey))),
    ours: mapPolicies(ours, (policies) => {
      const keys = policies.map((policy) => at(policy, 'runtime_fraction', 'runtime_key'))
      const good =
        new Set(keys).size === keys.length &&
        keys.every((key) => typeof key === 'string' && keyForm.test(key))
      return good ? policies.map((policy) => withKey(policy, someKey)) : policies
    }),
  }
}

export const shadowHost: Adjustment = expecting((istiod) =>
  mapPolicies(istiod, (policies) =>
    policies.map((policy) => without(policy, 'disable_shadow_host_suffix_append')),
  ),
)

export const queryParameterOrder: Adjustment = onBoth((output) =>
  mapRoutes(output, (route) => {
    const parameters = at(route, 'match', 'query_parameters')
    if (!Array.isArray(parameters) || !isObject(route['match'])) return route
    return {
      ...route,
      match: {
        ...route['match'],
        query_parameters: parameters.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
      },
    }
  }),
)

function withFraction(policy: JsonObject, numerator: number): JsonObject {
  return { ...policy, runtime_fraction: { default_value: { numerator, denominator: 'MILLION' } } }
}

function policiesOf(output: Output): readonly JsonObject[] {
  const found: JsonObject[] = []
  mapPolicies(output, (policies) => {
    found.push(...policies)
    return policies
  })
  return found
}
