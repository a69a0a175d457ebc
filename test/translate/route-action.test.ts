import { describe, expect, test } from 'vitest'
import type { Millionths } from '../../src/model/fraction.ts'
import { noHeaderChanges } from '../../src/model/route.ts'
import type { RetryPolicy } from '../../src/model/route.ts'
import type { ResolvedForward, ResolvedMirror } from '../../src/resolve/resolved.ts'
import { redirectAction, routeAction, timeouts } from '../../src/translate/route-action.ts'
import { originAt, resolvedForward } from '../support/model-values.ts'

const retry: RetryPolicy = {
  attempts: 2,
  retryOn: 'reset',
  statusCodes: [],
  perTryTimeout: undefined,
  backoff: undefined,
  ignorePreviousHosts: undefined,
  otherLocalities: false,
}

function destination(cluster: string, weight = 1): ResolvedForward['destinations'][number] {
  return { cluster, weight, headers: noHeaderChanges, authority: undefined }
}

function forward(more: Partial<ResolvedForward> = {}): ResolvedForward {
  return resolvedForward('web', more)
}

function mirror(more: Partial<ResolvedMirror> = {}): ResolvedMirror {
  return {
    cluster: 'shadow',
    fraction: 5_700 as Millionths,
    runtimeKey: 'shadowplane.mirror.shop.web.0.1',
    host: { kind: 'suffix' },
    origin: originAt('shop/route', 'mirror'),
    ...more,
  }
}

const policy = {
  cluster: 'shadow',
  runtime_fraction: {
    default_value: { numerator: 5_700, denominator: 'MILLION' },
    runtime_key: 'shadowplane.mirror.shop.web.0.1',
  },
  trace_sampled: false,
}

describe('a mirror policy has parts per million and a runtime key', () => {
  test.each([
    ['-shadow appended', { host: { kind: 'suffix' } }, policy],
    ['Host kept', { host: { kind: 'keep' } }, { ...policy, disable_shadow_host_suffix_append: true }],
    [
      'Host replaced',
      { host: { kind: 'rewrite', value: 'shadow.internal' } },
      { ...policy, host_rewrite_literal: 'shadow.internal' },
    ],
  ] as const)('%s', (_, more, expected) => {
    expect(routeAction(forward({ mirrors: [mirror(more)] })).request_mirror_policies).toEqual([expected])
  })

  test('several mirrors keep their order', () => {
    const mirrors = [mirror(), mirror({ cluster: 'lab', fraction: 1_000_000 as Millionths })]
    expect(routeAction(forward({ mirrors })).request_mirror_policies).toMatchObject([
      { cluster: 'shadow', runtime_fraction: { default_value: { numerator: 5_700 } } },
      { cluster: 'lab', runtime_fraction: { default_value: { numerator: 1_000_000 } } },
    ])
  })

  test('no mirror, no field', () => {
    expect(routeAction(forward())).not.toHaveProperty('request_mirror_policies')
  })
})

describe('destinations', () => {
  test.each([
    ['one is a cluster, whatever its weight', [destination('web', 0)], { cluster: 'web' }],
    [
      'two are weighted clusters',
      [destination('v1', 90), destination('v2', 10)],
      {
        weighted_clusters: {
          clusters: [
            { name: 'v1', weight: 90 },
            { name: 'v2', weight: 10 },
          ],
        },
      },
    ],
  ] as const)('%s', (_, destinations, expected) => {
    expect(routeAction(forward({ destinations }))).toMatchObject(expected)
  })

  test('the status of a missing destination is 500 if the dialect says so', () => {
    expect(routeAction(forward({ missingStatus: 500 }))).toMatchObject({
      cluster_not_found_response_code: 'INTERNAL_SERVER_ERROR',
    })
  })
})

describe('a timeout excludes the deadline of gRPC clients', () => {
  test.each([
    [0, { timeout: '0s', max_stream_duration: { grpc_timeout_header_max: '0s' } }],
    [3_000, { timeout: '3s' }],
    [250, { timeout: '0.25s' }],
  ])('%i ms', (milliseconds, expected) => {
    expect(timeouts(milliseconds)).toEqual(expected)
  })
})

describe('retries', () => {
  test('never: no policy', () => {
    expect(routeAction(forward())).not.toHaveProperty('retry_policy')
  })

  test('other hosts are tried, except if a consistent hash finds the same one again', () => {
    const others = routeAction(forward({ retry }))
    const hashed = routeAction(forward({ retry, hash: [{ kind: 'header', name: 'user' }] }))
    expect(others.retry_policy).toHaveProperty('retry_host_predicate')
    expect(hashed.retry_policy).not.toHaveProperty('retry_host_predicate')
    expect(hashed.hash_policy).toEqual([{ header: { header_name: 'user' } }])
  })

  test('times are durations', () => {
    expect(routeAction(forward({ retry: { ...retry, perTryTimeout: 1_500, backoff: 25 } }))).toMatchObject({
      retry_policy: { per_try_timeout: '1.5s', retry_back_off: { base_interval: '0.025s' } },
    })
  })
})

describe('a redirect', () => {
  const redirect = {
    kind: 'redirect',
    host: undefined,
    path: undefined,
    scheme: undefined,
    port: undefined,
    code: 301,
  } as const

  test.each([
    ['keeps the path with an empty path_redirect', redirect, { path_redirect: '' }],
    [
      'names its code unless that is 301',
      { ...redirect, code: 308 as const },
      { path_redirect: '', response_code: 'PERMANENT_REDIRECT' },
    ],
    [
      'replaces host, scheme, port and prefix',
      {
        ...redirect,
        host: 'shop.example',
        scheme: 'https' as const,
        port: 8443,
        path: { kind: 'prefix' as const, value: '/new' },
      },
      {
        host_redirect: 'shop.example',
        scheme_redirect: 'https',
        port_redirect: 8443,
        prefix_rewrite: '/new',
      },
    ],
  ])('%s', (_, action, expected) => {
    expect(redirectAction(action)).toEqual(expected)
  })
})
