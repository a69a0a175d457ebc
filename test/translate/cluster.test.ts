import { describe, expect, test } from 'vitest'
import { defaultSettings } from '../../src/control-plane/config.ts'
import type { ResolvedCluster } from '../../src/resolve/cluster.ts'
import { cluster, noLimit } from '../../src/translate/cluster.ts'
import { interceptionCluster } from '../../src/translate/interception-cluster.ts'
import { connectionBuffer, copyOutlierDetection, wholeRequests } from '../../src/translate/mirror-limits.ts'

const limits = defaultSettings.mirrorLimits

function resolved(more: Partial<ResolvedCluster> = {}): ResolvedCluster {
  return {
    name: 'outbound|80||web.shop.svc.cluster.local',
    discovery: 'endpoints',
    assignment: 'outbound|80||web.shop.svc.cluster.local',
    localities: { weights: {}, isWeighted: false },
    endpoints: [],
    protocol: 'http1',
    settings: {},
    tls: undefined,
    limits: undefined,
    origins: [],
    diagnostics: [],
    ...more,
  }
}

function thresholdsOf(more: Partial<ResolvedCluster>): unknown {
  return cluster(resolved(more), defaultSettings).circuit_breakers?.thresholds?.[0]
}

describe('circuit breakers', () => {
  test.each([
    ['of primaries are open', {}, { max_requests: noLimit, max_connections: noLimit }],
    ["of mirrors are the mirror's limits", { limits }, { max_requests: 256, max_connections: 128 }],
    [
      'of mirrors with a policy are those of the policy',
      { limits, settings: { maxRequests: 7 } },
      { max_requests: 7, max_connections: 128 },
    ],
  ])('%s', (_, more, expected) => {
    expect(thresholdsOf(more)).toMatchObject(expected)
  })
})

describe('discovery', () => {
  test('by endpoints: EDS over ADS, under the name of the assignment', () => {
    expect(cluster(resolved({ name: 'mirror|80||web', assignment: 'web' }), defaultSettings)).toMatchObject({
      name: 'mirror|80||web',
      type: 'EDS',
      eds_cluster_config: { service_name: 'web', eds_config: { ads: {} } },
    })
  })

  test.each([
    ['strict-dns', 'STRICT_DNS'],
    ['logical-dns', 'LOGICAL_DNS'],
    ['original-destination', 'ORIGINAL_DST'],
  ] as const)('by %s: %s, without EDS', (discovery, type) => {
    const made = cluster(resolved({ discovery }), defaultSettings)
    expect(made).toMatchObject({ type })
    expect(made).not.toHaveProperty('eds_cluster_config')
  })
})

describe('bounds of a mirror', () => {
  test('no limits, no settings', () => {
    expect([wholeRequests(undefined), connectionBuffer(undefined), copyOutlierDetection(undefined)]).toEqual([
      [],
      {},
      {},
    ])
  })

  test('a copy waits for its whole request, up to the largest body', () => {
    expect(wholeRequests(limits).map(({ name }) => name)).toEqual([
      'envoy.filters.http.buffer',
      'envoy.filters.http.upstream_codec',
    ])
    expect(wholeRequests({ ...limits, maxBody: 'unlimited' })).toEqual([])
  })

  test("a shadow's answers never eject it, its resets do, without panic", () => {
    expect(copyOutlierDetection(limits).outlier_detection).toMatchObject({
      consecutive_local_origin_failure: 5,
      enforcing_consecutive_5xx: 0,
      max_ejection_percent: 100,
    })
    expect(copyOutlierDetection({ ...limits, outlierDetection: 'off' })).toEqual({})
  })
})

describe('clusters of interception', () => {
  test.each([
    ['pass-through', 'http1', { type: 'ORIGINAL_DST', lb_policy: 'CLUSTER_PROVIDED' }],
    ['inbound', 'http1', { upstream_bind_config: { source_address: { address: '127.0.0.6' } } }],
    ['refuse', 'http1', { type: 'STATIC' }],
  ] as const)('%s', (kind, protocol, expected) => {
    expect(interceptionCluster({ name: 'x', kind, protocol }, defaultSettings)).toMatchObject(expected)
  })
})
