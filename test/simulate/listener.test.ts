import { describe, expect, test } from 'vitest'
import type { FilterChain } from '../../src/simulate/configuration.ts'
import { chooseFilterChain, chooseListener } from '../../src/simulate/listener.ts'
import { simulate } from '../../src/simulate/simulate.ts'
import { any } from '../../src/xds/proto.ts'
import { envoy, listener, plainListener, request } from './scene.ts'

const at = (address: string, port: number) => ({
  name: `${address}_${port}`,
  address: { socket_address: { address, port_value: port } },
})
const handsOver = { ...at('0.0.0.0', 15_001), use_original_dst: true }

describe('listener', () => {
  test.each([
    ['10.0.0.1', 80, '10.0.0.1_80'],
    ['10.0.0.2', 80, '0.0.0.0_80'],
    ['shop', 9080, '127.0.0.1_9080'],
    ['shop', 1, '0.0.0.0_15001'],
  ])('a connection to %s:%i reaches %s', (address, port, name) => {
    const listeners = [at('0.0.0.0', 80), at('10.0.0.1', 80), at('127.0.0.1', 9080), handsOver]
    expect(chooseListener(listeners, { address, port })?.name).toBe(name)
  })
})

describe('filter chain', () => {
  const chain = (name: string, match: NonNullable<FilterChain['filter_chain_match']>): FilterChain => ({
    name,
    filter_chain_match: match,
  })
  const chains = listener({
    filter_chains: [
      chain('exact', { server_names: ['a.test', 'x.test'] }),
      chain('wide', { server_names: ['*.test'] }),
      chain('wider', { server_names: ['*.b.test'] }),
      chain('port', { destination_port: 9080 }),
      chain('http', { transport_protocol: 'raw_buffer', application_protocols: ['http/1.1', 'h2c'] }),
    ],
    default_filter_chain: { name: 'default' },
  })
  const chosen = (fields: Partial<Parameters<typeof request>[1]>): string | undefined =>
    chooseFilterChain(chains, request('/', fields))?.name

  test('the closest server name wins', () => {
    expect(chosen({ scheme: 'https', address: 'A.test' })).toBe('exact')
    expect(chosen({ scheme: 'https', address: 'b.test' })).toBe('wide')
    expect(chosen({ scheme: 'https', address: 'a.b.test' })).toBe('wider')
    expect(chosen({ scheme: 'https', address: 'other' })).toBe('default')
  })

  test('the original port is asked first, and the protocols last', () => {
    expect(chosen({ port: 9080 })).toBe('port')
    expect(chosen({ address: 'a.test' })).toBe('http')
  })
})

describe('a connection that brings no request', () => {
  test('nothing listens', () => {
    expect(simulate(envoy([]), request('/', { port: 81 })).outcome).toEqual({
      kind: 'refused',
      status: undefined,
      because: 'nothing listens on port 81',
    })
  })

  test('TLS meets a plain listener, and the other way round', () => {
    const https = simulate(envoy([]), request('/', { scheme: 'https' }))
    expect(https.outcome).toMatchObject({
      kind: 'refused',
      because: 'plain (0.0.0.0:80) speaks HTTP without TLS, and the request comes with it',
    })
    const [chain] = plainListener.filter_chains ?? []
    const tls = {
      ...envoy([]),
      listeners: [listener({ filter_chains: [{ ...chain, transport_socket: { name: 'tls' } }] })],
    }
    expect(simulate(tls, request('/')).outcome).toMatchObject({
      because: 'plain (0.0.0.0:80) speaks TLS, and the request comes without',
    })
  })

  test('it is forwarded as bytes', () => {
    const proxy = any('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', {
      stat_prefix: 'x',
      cluster: 'pass',
    })
    const tcp = {
      ...envoy([]),
      listeners: [listener({ filter_chains: [{ filters: [{ typed_config: proxy }] }] })],
    }
    expect(simulate(tcp, request('/')).outcome).toEqual({ kind: 'tcp', cluster: 'pass' })
  })
})

test('the connection manager can strip the port and the trailing dot of the host', () => {
  const manager = (fields: object): ReturnType<typeof simulate> =>
    simulate(
      {
        ...envoy([]),
        listeners: [
          listener({
            filter_chains: [
              {
                filters: [
                  {
                    typed_config: any(
                      'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
                      { route_config: {}, ...fields },
                    ),
                  },
                ],
              },
            ],
          }),
        ],
      },
      request('/', { authority: 'a.test.:80' }),
    )
  expect(manager({}).received?.authority).toBe('a.test.:80')
  expect(manager({ strip_matching_host_port: true, strip_trailing_host_dot: true }).received?.authority).toBe(
    'a.test',
  )
})
