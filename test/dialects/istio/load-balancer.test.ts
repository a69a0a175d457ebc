import { describe, expect, test } from 'vitest'
import { configure, gateway, sidecar, translateFirst } from '../../support/configuration.ts'
import type { Cluster } from '../../support/configuration.ts'
import type { Scope } from '../../../src/xds/scope.ts'

const host = 'x.example'
const outbound = `outbound|80||${host}`

/**
 * A ServiceEntry with an endpoint in each of these localities, 10.0.0.1 in the first, and a DestinationRule
 * for it.
 */
function balanced(
  trafficPolicy: string,
  localities: readonly string[] = ['r1/z1', 'r1/z1', 'r1/z2', 'r2/z1'],
): string {
  const endpoints = localities.map(
    (locality, index) =>
      `{address: 10.0.0.${index + 1}, locality: ${locality}, labels: {version: v${index % 2}}}`,
  )
  return (
    `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: x}
spec:
  host: ${host}
  trafficPolicy: ${trafficPolicy}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: x}
spec: {hosts: [${host}], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}], ` +
    `endpoints: [${endpoints.join(', ')}]}
`
  )
}

interface Group {
  readonly locality: { readonly region?: string; readonly zone?: string }
  readonly priority?: number
  readonly load_balancing_weight?: number
  readonly lb_endpoints: readonly object[]
}

/** `region/zone priority weight` of each group of endpoints that a proxy gets. */
function groups(text: string, scope: Scope): readonly string[] {
  const assignment = configure(text).resources(scope, 'endpoint').get(outbound) as
    { endpoints?: readonly Group[] } | undefined
  return (assignment?.endpoints ?? []).map(
    ({ locality, priority = 0, load_balancing_weight: weight }) =>
      `${locality.region ?? ''}/${locality.zone ?? ''} ${priority} ${weight ?? 0}`,
  )
}

const at = (locality: string, labels: Scope['labels'] = {}): Scope => ({
  ...sidecar('default', labels),
  locality,
})

function cluster(trafficPolicy: string, scope = at('r1/z1')): Cluster {
  return configure(balanced(trafficPolicy)).resources(scope, 'cluster').get(outbound) as Cluster
}

const ejecting = 'outlierDetection: {consecutive5xxErrors: 3}'
const setting = (locality: string, more = ejecting): string =>
  `{${more}${more === '' ? '' : ', '}loadBalancer: {localityLbSetting: ${locality}}}`

describe('endpoints by locality', () => {
  test.each<readonly [string, readonly [trafficPolicy: string, scope: Scope, groups: readonly string[]]]>([
    ['without outlier detection are alike', ['{}', at('r1/z1'), ['r1/z1 0 2', 'r1/z2 0 1', 'r2/z1 0 1']]],
    [
      'with it those near the proxy come first',
      [`{${ejecting}}`, at('r1/z1'), ['r1/z1 0 2', 'r1/z2 1 1', 'r2/z1 2 1']],
    ],
    ['as seen from another zone', [`{${ejecting}}`, at('r2/z1'), ['r2/z1 0 1', 'r1/z1 1 2', 'r1/z2 1 1']]],
    [
      'from a region without endpoints all are as far',
      [`{${ejecting}}`, at('r3'), ['r1/z1 0 2', 'r1/z2 0 1', 'r2/z1 0 1']],
    ],
    [
      'from a proxy that does not say where it is',
      [`{${ejecting}}`, sidecar(), ['r1/z1 0 2', 'r1/z2 0 1', 'r2/z1 0 1']],
    ],
    [
      'unless that is turned off',
      [setting('{enabled: false}'), at('r1/z1'), ['r1/z1 0 2', 'r1/z2 0 1', 'r2/z1 0 1']],
    ],
    [
      'one region to fail over to comes before the others',
      [setting('{failover: [{from: r3, to: r2}]}'), at('r3'), ['r2/z1 0 1', 'r1/z1 1 2', 'r1/z2 1 1']],
    ],
    [
      'by labels, as many of the first as they share',
      [
        setting('{failoverPriority: [version, topology.kubernetes.io/region]}'),
        at('r1/z1', { version: 'v0' }),
        ['r1/z1 0 1', 'r1/z2 0 1', 'r1/z1 1 1', 'r2/z1 1 1'],
      ],
    ],
    [
      'by a label with a value of its own',
      [
        setting('{failoverPriority: [version=v1]}'),
        at('r1/z1', { version: 'v0' }),
        ['r1/z1 0 1', 'r2/z1 0 1', 'r1/z1 1 1', 'r1/z2 1 1'],
      ],
    ],
    [
      'by shares',
      [
        setting('{distribute: [{from: r1/*, to: {r1/z1: 80, r2/*: 20}}]}', ''),
        at('r1/z1'),
        ['r1/z1 0 80', 'r2/z1 0 20'],
      ],
    ],
    [
      'a share for several is divided by their weights',
      [setting('{distribute: [{from: "*", to: {r1/*: 100}}]}', ''), at('r9'), ['r1/z1 0 67', 'r1/z2 0 34']],
    ],
    [
      'shares for others are not for this one',
      [
        setting('{distribute: [{from: r2/*, to: {r1/*: 100}}]}', ''),
        at('r1/z1'),
        ['r1/z1 0 2', 'r1/z2 0 1', 'r2/z1 0 1'],
      ],
    ],
  ])('%s', (_, [trafficPolicy, scope, expected]) => {
    expect(groups(balanced(trafficPolicy), scope)).toEqual(expected)
  })

  test('make Envoy choose a locality first where the rule weighs them', () => {
    const weighted = (trafficPolicy: string): boolean =>
      cluster(trafficPolicy).common_lb_config?.locality_weighted_lb_config !== undefined
    expect(weighted(`{${ejecting}}`)).toBe(false)
    expect(weighted(setting('{failover: [{from: r1, to: r2}]}'))).toBe(true)
    expect(weighted(setting('{failover: [{from: r1, to: r2}]}', ''))).toBe(false)
    expect(weighted(setting('{distribute: [{from: "*", to: {"*": 100}}]}', ''))).toBe(true)
  })

  test('of the whole mesh, where the rule does not say', () => {
    const mesh = (config: string): string =>
      `---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata: ` +
      `{mesh: "${config}"}\n`
    expect(
      groups(balanced(`{${ejecting}}`) + mesh('localityLbSetting: {enabled: false}'), at('r1/z1')),
    ).toEqual(['r1/z1 0 2', 'r1/z2 0 1', 'r2/z1 0 1'])
    expect(
      groups(
        balanced('{}') + mesh('localityLbSetting: {distribute: [{from: r1/*, to: {r2/*: 100}}]}'),
        at('r1/z1'),
      ),
    ).toEqual(['r2/z1 0 100'])
  })

  test.each<readonly [string, string]>([
    [
      '{distribute: [{from: r1/*, to: {r1/*: 80}}]}',
      '6:80 field/invalid-value spec.trafficPolicy.loadBalancer.localityLbSetting.distribute[0].to has ' +
        'shares that do not add up to 100',
    ],
    [
      '{failover: [{from: r1/z1, to: r2}]}',
      '6:72 field/invalid-value spec.trafficPolicy.loadBalancer.localityLbSetting.failover[0].from is ' +
        '"r1/z1", must be a region, without a zone',
    ],
    [
      '{failover: [{from: r1, to: r1}]}',
      '6:80 field/invalid-value spec.trafficPolicy.loadBalancer.localityLbSetting.failover[0].to is the ' +
        'region that fails itself',
    ],
  ])('%s is said', (locality, found) => {
    expect(translateFirst(balanced(setting(locality, ''))).found).toEqual([found])
  })
})

test('proxies that differ in their place alone share what they get, unless a rule asks for it', () => {
  const { pipeline } = configure(balanced('{}'))
  expect(pipeline.shared(at('r1/z1'))).toEqual(sidecar())
  const asking = configure(balanced(`{${ejecting}}`)).pipeline
  expect(asking.shared(at('r1/z1', { app: 'web' }))).toEqual(at('r1/z1'))
  const comparing = configure(balanced(setting('{failoverPriority: [version]}'))).pipeline
  expect(comparing.shared(at('r1/z1', { app: 'web', version: 'v7' }))).toEqual(at('r1/z1', { version: 'v7' }))
  expect(pipeline.shared({ ...gateway, locality: 'r1' }).locality).toBeUndefined()
  expect(asking.shared({ ...gateway, locality: 'r1' }).locality).toBe('r1')
})

describe('a load balancer in Envoy’s cluster', () => {
  const warmup = {
    slow_start_window: '30s',
    aggression: { default_value: 2.5, runtime_key: '(' },
    min_weight_percent: { value: 10 },
  }

  test.each<readonly [string, object]>([
    [
      '{loadBalancer: {warmup: {duration: 30s, aggression: 2.5}}}',
      { lb_policy: 'LEAST_REQUEST', least_request_lb_config: { slow_start_config: warmup } },
    ],
    [
      '{loadBalancer: {simple: ROUND_ROBIN, warmup: {duration: 30s, aggression: 2.5}}}',
      { round_robin_lb_config: { slow_start_config: warmup } },
    ],
    [
      '{loadBalancer: {simple: LEAST_REQUEST, warmupDurationSecs: 5s}}',
      {
        lb_policy: 'LEAST_REQUEST',
        least_request_lb_config: { slow_start_config: { slow_start_window: '5s' } },
      },
    ],
    ['{loadBalancer: {simple: RANDOM, warmup: {duration: 30s}}}', { lb_policy: 'RANDOM' }],
    [
      '{loadBalancer: {consistentHash: {useSourceIp: true, maglev: {tableSize: 7}}}}',
      { lb_policy: 'MAGLEV', maglev_lb_config: { table_size: '7' } },
    ],
    [
      '{loadBalancer: {consistentHash: {useSourceIp: true}}}',
      { lb_policy: 'RING_HASH', ring_hash_lb_config: { minimum_ring_size: '1024' } },
    ],
  ])('%s', (trafficPolicy, expected) => {
    expect(cluster(trafficPolicy)).toMatchObject(expected)
  })

  test('a retry budget, pings and every detector', () => {
    const found = cluster(
      `
    retryBudget: {percent: 25, budgetInterval: 2s}
    connectionPool: {http: {h2UpgradePolicy: UPGRADE, http2KeepAlive: {interval: 10s, timeout: 1s}}}
    outlierDetection: {consecutive5xxErrors: 0, consecutiveGatewayErrors: 2, ` +
        `splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 4}`,
    )
    expect(found.circuit_breakers?.thresholds?.[0]?.retry_budget).toEqual({
      budget_percent: { value: 25 },
      min_retry_concurrency: 3,
      budget_interval: '2s',
    })
    expect(JSON.stringify(found.typed_extension_protocol_options)).toContain(
      '"connection_keepalive":{"interval":"10s","timeout":"1s"}',
    )
    expect(found.outlier_detection).toEqual({
      enforcing_success_rate: 0,
      consecutive_5xx: 0,
      enforcing_consecutive_5xx: 0,
      consecutive_gateway_failure: 2,
      enforcing_consecutive_gateway_failure: 100,
      split_external_local_origin_errors: true,
      consecutive_local_origin_failure: 4,
      enforcing_consecutive_local_origin_failure: 100,
      enforcing_local_origin_success_rate: 0,
    })
  })
})
