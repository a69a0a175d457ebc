import { describe, expect, test } from 'vitest'
import { any, decode, encode } from '../../src/xds/proto.ts'
import type { Message } from '../../src/xds/proto.ts'

describe("protobuf JSON has the proto's own names, as Envoy's config dump has them", () => {
  const action: Message<'envoy.config.route.v3.RouteAction'> = {
    cluster: 'outbound|80||reviews',
    timeout: '2.500s',
    retry_policy: {
      num_retries: 2,
      host_selection_retry_max_attempts: '5',
      retry_host_predicate: [
        {
          name: 'p',
          typed_config: any('envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate', {}),
        },
      ],
    },
    request_mirror_policies: [
      {
        cluster: 'outbound|80||shadow',
        runtime_fraction: { default_value: { numerator: 5700, denominator: 'MILLION' }, runtime_key: 'k' },
        trace_sampled: false,
      },
    ],
  }

  test('what is encoded is decoded to the same', () => {
    expect(
      decode('envoy.config.route.v3.RouteAction', encode('envoy.config.route.v3.RouteAction', action)),
    ).toEqual(action)
  })

  test('keys of maps and of a Struct stay as they are written', () => {
    const runtime = {
      name: 'shadowplane',
      layer: { 'a_b.cD': { numerator: 5, denominator: 'MILLION' }, list_: [true, null] },
    }
    expect(
      decode('envoy.service.runtime.v3.Runtime', encode('envoy.service.runtime.v3.Runtime', runtime)),
    ).toEqual(runtime)
    const metadata = { filter_metadata: { some_Key: { in_ner: 'x' } } }
    expect(
      decode('envoy.config.core.v3.Metadata', encode('envoy.config.core.v3.Metadata', metadata)),
    ).toEqual(metadata)
  })
})

describe('a field that the message does not have is an error', () => {
  test.each([
    ['at the top', 'envoy.config.route.v3.RouteAction', { clutser: 'x' }],
    ['inside', 'envoy.config.route.v3.Route', { route: { cluster: 'x', mirror: 1 } }],
    [
      'inside an Any',
      'envoy.config.listener.v3.Filter',
      {
        name: 'x',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router',
          supress: true,
        },
      },
    ],
    ['an unknown enum value', 'envoy.config.cluster.v3.Cluster', { lb_policy: 'BEST' }],
    ['a value of another type', 'envoy.config.cluster.v3.Cluster', { name: 5 }],
  ] as const)('%s', (_, name, json) => {
    expect(() => encode(name, json as never)).toThrow(/./)
  })

  test('a field that is undefined is absent', () => {
    expect(encode('envoy.config.cluster.v3.Cluster', { name: 'a', type: undefined })).toEqual(
      encode('envoy.config.cluster.v3.Cluster', { name: 'a' }),
    )
  })
})

test("the fields that are newer than the vendored files have Envoy's numbers", () => {
  const policy = encode('envoy.config.route.v3.RouteAction.RequestMirrorPolicy', {
    host_rewrite_literal: 'h',
    request_headers_mutations: [{ remove: 'x' }],
  })
  const tags = [7 * 8 + 2, 8 * 8 + 2]
  expect(policy).toEqual(Buffer.from([tags[0] ?? 0, 3, 10, 1, 120, tags[1] ?? 0, 1, 104]))
})
