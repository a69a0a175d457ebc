import { describe, expect, test } from 'vitest'
import type { Message } from '../../../src/xds/proto.ts'
import type { RouteConfiguration } from '../../support/configuration.ts'
import { configure, gateway, translateFirst } from '../../support/configuration.ts'
import { service } from './text.ts'

/** A Gateway whose first server begins at 6:5. */
function edge(servers: readonly string[], metadata = 'name: edge'): string {
  return (
    `apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {${metadata}}\nspec:\n  ` +
    `servers:\n${servers.map((each) => `  - ${each}\n`).join('')}`
  )
}

function https(hosts: string, tls: string, port = 443): string {
  return `{port: {number: ${port}, name: https, protocol: HTTPS}, hosts: ${hosts}, tls: {${tls}}}`
}

function virtualService(fields: string, metadata = 'name: shop'): string {
  return (
    `---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {${metadata}}\nspec:\n ` +
    ` gateways: [edge]\n  ${fields}\n`
  )
}

type Listener = Message<'envoy.config.listener.v3.Listener'>
type DownstreamTlsContext = Message<'envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext'>

function listenerOf(text: string, name = '0.0.0.0_443'): Listener | undefined {
  return configure(text).resources(gateway, 'listener').get(name) as Listener | undefined
}

function contextOf(tls: string): DownstreamTlsContext | undefined {
  return listenerOf(edge([https('[a.example]', tls)]))?.filter_chains?.[0]?.transport_socket?.typed_config as
    DownstreamTlsContext | undefined
}

const overAds = { ads: {}, initial_fetch_timeout: '2s', resource_api_version: 'V3' }

describe('an HTTPS server', () => {
  test('SIMPLE shows its certificate, and asks for none', () => {
    expect(contextOf('mode: SIMPLE, credentialName: cert')).toEqual({
      '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
      require_client_certificate: false,
      common_tls_context: {
        tls_params: { tls_minimum_protocol_version: 'TLSv1_2', tls_maximum_protocol_version: 'TLSv1_3' },
        alpn_protocols: ['h2', 'http/1.1'],
        tls_certificate_sds_secret_configs: [{ name: 'kubernetes://cert', sds_config: overAds }],
      },
    })
  })

  test.each([
    ['MUTUAL', true],
    ['OPTIONAL_MUTUAL', false],
  ])('%s verifies clients', (mode, required) => {
    expect(contextOf(`mode: ${mode}, credentialName: cert, subjectAltNames: [client.example]`)).toMatchObject(
      {
        require_client_certificate: required,
        common_tls_context: {
          combined_validation_context: {
            default_validation_context: {
              match_typed_subject_alt_names: [{ san_type: 'DNS', matcher: { exact: 'client.example' } }],
            },
            validation_context_sds_secret_config: { name: 'kubernetes://cert-cacert', sds_config: overAds },
          },
        },
      },
    )
  })

  test('a Secret of its own for the authorities counts', () => {
    expect(
      contextOf('mode: MUTUAL, credentialName: cert, caCertCredentialName: clients')?.common_tls_context
        ?.combined_validation_context,
    ).toMatchObject({ validation_context_sds_secret_config: { name: 'kubernetes://clients-cacert' } })
  })

  test('takes files', () => {
    expect(
      contextOf('mode: MUTUAL, serverCertificate: /c, privateKey: /k, caCertificates: /ca')
        ?.common_tls_context,
    ).toMatchObject({
      tls_certificate_sds_secret_configs: [{ name: 'file-cert:/c~/k' }],
      combined_validation_context: { validation_context_sds_secret_config: { name: 'file-root:/ca' } },
    })
  })

  test('versions, cipher suites and curves; what Envoy does not know is left out', () => {
    const tls =
      'mode: SIMPLE, credentialName: cert, minProtocolVersion: TLSV1_1, maxProtocolVersion: TLSV1_2, ' +
      'cipherSuites: [ECDHE-RSA-AES128-SHA, RC4], ecdhCurves: [P-256, P-1]'
    expect(contextOf(tls)?.common_tls_context?.tls_params).toEqual({
      tls_minimum_protocol_version: 'TLSv1_1',
      tls_maximum_protocol_version: 'TLSv1_2',
      cipher_suites: ['ECDHE-RSA-AES128-SHA'],
      ecdh_curves: ['P-256'],
    })
    expect(
      translateFirst(edge([https('[a.example]', tls)])).found.map((each) => each.replace(/^\S+ /, '')),
    ).toEqual([
      'tls/ignored-value cipherSuites: Envoy does not know RC4, it is left out',
      'tls/ignored-value ecdhCurves: Envoy does not know P-1, it is left out',
    ])
  })

  test('has a route configuration of its own', () => {
    const text =
      edge([https('[a.example]', 'mode: SIMPLE, credentialName: cert')]) +
      virtualService('hosts: [a.example]\n  http: [{route: [{destination: {host: reviews}}]}]') +
      service('reviews')
    const [configuration] = [
      ...configure(text).resources(gateway, 'route').values(),
    ] as readonly RouteConfiguration[]
    expect(configuration).toMatchObject({
      name: 'https.443.https.edge.default',
      virtual_hosts: [{ name: 'a.example:443', domains: ['a.example'] }],
    })
  })
})

describe('several servers on one port', () => {
  const cert = (name: string): string => `mode: SIMPLE, credentialName: ${name}`

  test('are told apart by the server name, without the namespaces of hosts', () => {
    const listener = listenerOf(
      edge([
        https('[a.example, "*/b.example"]', cert('one')),
        https('["./*.c.example"]', cert('two')),
        https('["*"]', cert('rest')),
      ]),
    )
    expect(listener?.listener_filters?.map(({ name }) => name)).toEqual([
      'envoy.filters.listener.tls_inspector',
    ])
    expect(listener?.filter_chains?.map((chain) => chain.filter_chain_match?.server_names)).toEqual([
      ['a.example', 'b.example'],
      ['*.c.example'],
      undefined,
    ])
  })

  test('one host has one server', () => {
    const configuration = configure(
      edge([https('[a.example]', cert('one')), https('[b.example, a.example]', cert('two'))]),
    )
    expect(configuration.found).toContain(
      '7:76 gateway/server-left-out host a.example on port 443 is taken by servers[0] of Gateway ' +
        'default/edge: this server is not served',
    )
    expect(
      (configuration.resources(gateway, 'listener').get('0.0.0.0_443') as Listener).filter_chains,
    ).toHaveLength(1)
  })

  test('HTTP and TLS cannot share it', () => {
    const configuration = configure(
      edge([
        '{port: {number: 443, name: http, protocol: HTTP}, hosts: ["*"]}',
        https('[a.example]', cert('one')),
      ]),
    )
    expect(configuration.found).toContain(
      '7:21 gateway/server-left-out port 443 is taken by servers[0] of Gateway default/edge: this server ' +
        'is not served',
    )
    expect([...configuration.resources(gateway, 'route').keys()]).toEqual(['http.443'])
  })
})

describe('TLS that is passed through', () => {
  const server =
    '{port: {number: 443, name: tls, protocol: TLS}, hosts: ["*.example"], tls: {mode: PASSTHROUGH}}'
  const rules = (text: string): string => virtualService(`hosts: ["*.example"]\n  tls:\n${text}`)
  const chainsOf = (text: string) =>
    listenerOf(
      edge([server]) + rules(text) + service('reviews', [443]) + service('ratings', [443]),
    )?.filter_chains?.map((chain) => [
      chain.filter_chain_match?.server_names,
      chain.filters?.[0]?.typed_config,
    ])

  test('goes by the server name to a destination', () => {
    expect(
      chainsOf('  - {match: [{sniHosts: [a.example, b.example]}], route: [{destination: {host: reviews}}]}'),
    ).toEqual([
      [
        ['a.example', 'b.example'],
        {
          '@type': 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
          stat_prefix: 'outbound|443||reviews.default.svc.cluster.local',
          cluster: 'outbound|443||reviews.default.svc.cluster.local',
        },
      ],
    ])
  })

  test.each([
    [
      'gateways: [mesh, edge]\n  tls:\n  - {match: [{sniHosts: [a.example]}], route: [{destination: ' +
        '{host: reviews}}]}',
      ['8:5'],
    ],
    [
      'tls:\n  - {match: [{sniHosts: [a.example], gateways: [edge]}, {sniHosts: [b.example], gateways: ' +
        '[mesh]}], route: [{destination: {host: reviews}}]}',
      ['7:5'],
    ],
    [
      'gateways: [edge]\n  tls:\n  - {match: [{sniHosts: [a.example]}], route: [{destination: {host: ' +
        'reviews}}]}',
      [],
    ],
    [
      'tls:\n  - {match: [{sniHosts: [a.example], gateways: [edge]}], route: [{destination: {host: ' +
        'reviews}}]}',
      [],
    ],
  ])('on sidecars a rule has no effect yet, which is said: %s', (fields, places) => {
    const text =
      `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: r}\nspec:\n  ` +
      `hosts: ["*.example"]\n  ${fields}\n`
    const found = translateFirst(text).found.filter((each) => each.includes('unsupported'))
    expect(found).toEqual(
      places.map(
        (place) =>
          `${place} field/unsupported tls rules are not supported on sidecars yet, this one has no effect ` +
          `there: a connection goes to the service of its server name`,
      ),
    )
  })

  test('by weight', () => {
    expect(
      chainsOf(
        '  - {match: [{sniHosts: [a.example]}], route: [{destination: {host: reviews}, weight: 90}, ' +
          '{destination: {host: ratings}, weight: 10}]}',
      ),
    ).toMatchObject([
      [
        ['a.example'],
        {
          weighted_clusters: {
            clusters: [
              { name: 'outbound|443||reviews.default.svc.cluster.local', weight: 90 },
              { name: 'outbound|443||ratings.default.svc.cluster.local', weight: 10 },
            ],
          },
        },
      ],
    ])
  })

  test('a name has one chain: the first', () => {
    const twice =
      '  - {match: [{sniHosts: [a.example]}], route: [{destination: {host: reviews}}]}\n  - {match: ' +
      '[{sniHosts: [a.example]}], route: [{destination: {host: ratings}}]}'
    expect(chainsOf(twice)).toHaveLength(1)
    expect(
      configure(edge([server]) + rules(twice) + service('reviews', [443])).found.filter((each) =>
        each.includes('duplicate'),
      ),
    ).toEqual([
      '16:26 virtual-host/duplicate-domain an earlier tls route takes the connections for a.example on ' +
        'port 443, so this one has no effect for them',
    ])
  })

  test('matches of other ports and gateways, and hosts of other servers, are not for it', () => {
    expect(
      chainsOf(
        '  - {match: [{sniHosts: [a.example], port: 444}, {sniHosts: [b.example], gateways: [other]}, ' +
          '{sniHosts: [c.test]}], route: [{destination: {host: reviews}}]}',
      ),
    ).toBeUndefined()
  })

  const others = '  - {match: [{sniHosts: ["*.example"]}], route: [{destination: {host: ratings}}]}'

  test.each([
    '{match: [{sniHosts: [a.example]}], route: reviews}',
    '{match: [{sniHosts: [a.example]}], route: []}',
    '{match: [{sniHosts: [a.example]}], route: [{destination: reviews}]}',
    '{match: [{sniHosts: [a.example]}], route: [{destination: {host: reviews}, weight: ten}]}',
    '{match: [{sniHosts: [a.example]}], route: [{destination: {host: reviews}, weight: 0}, {destination: ' +
      '{host: ratings}, weight: 0}]}',
    '{match: [{sniHosts: [a.example]}], unknown: 1, route: [{destination: {host: reviews}}]}',
    '{match: [{sniHosts: a.example}], route: [{destination: {host: reviews}}]}',
    '{match: {sniHosts: [a.example]}, route: [{destination: {host: reviews}}]}',
    '{matches: [{sniHosts: [a.example]}], route: [{destination: {host: reviews}}]}',
    '{match: [{sniHost: [a.example]}], route: [{destination: {host: reviews}}]}',
    '{match: [{sniHosts: [a.example, 5]}], route: [{destination: {host: reviews}}]}',
    '{match: [{sniHosts: [a.example], port: https}], route: [{destination: {host: reviews}}]}',
    '{match: [{sniHosts: [a.example], unknown: 1}], route: [{destination: {host: reviews}}]}',
  ])('the connections of a rule with a mistake go to no backend: %s', (rule) => {
    const text = `  - ${rule}\n${others}`
    expect(chainsOf(text)).toMatchObject([
      [['a.example'], { cluster: 'rejected|backend' }],
      [['*.example'], { cluster: 'outbound|443||ratings.default.svc.cluster.local' }],
    ])
    expect(configure(edge([server]) + rules(text)).found).toContainEqual(
      expect.stringContaining('connections that it matches are closed'),
    )
  })

  test('nor do those of an object with a mistake outside of its rules', () => {
    expect(chainsOf(`${others}\n  unknown: 1`)).toMatchObject([
      [['*.example'], { cluster: 'rejected|backend' }],
    ])
  })

  test('without sniHosts that can be read, other rules take them', () => {
    const text = `  - {match: [{sniHosts: 5}], route: [{destination: {host: reviews}}]}\n${others}`
    expect(chainsOf(text)).toMatchObject([
      [['*.example'], { cluster: 'outbound|443||ratings.default.svc.cluster.local' }],
    ])
    expect(configure(edge([server]) + rules(text)).found).toContainEqual(
      expect.stringContaining('other rules take its connections, as its sniHosts cannot be read'),
    )
  })

  test('a destination that does not exist is said', () => {
    expect(
      configure(
        edge([server]) +
          rules('  - {match: [{sniHosts: [a.example]}], route: [{destination: {host: nowhere}}]}'),
      ).found.map((each) => each.replace(/^\S+ /, '')),
    ).toContain(
      'route/unknown-host host nowhere.default.svc.cluster.local is not defined: connections for it are ' +
        'closed',
    )
  })
})

describe('a server that is not served is said', () => {
  test.each([
    [
      'AUTO_PASSTHROUGH',
      '6:89 gateway/unsupported-protocol mode AUTO_PASSTHROUGH is not supported: port 443 is not served',
    ],
    [
      'ISTIO_MUTUAL',
      '6:89 tls/istio-mutual mode ISTIO_MUTUAL needs the certificates of an Istio CA, and there is none ' +
        'here: port 443 is not served',
    ],
  ])('%s', (mode, found) => {
    const result = translateFirst(edge([https('[a.example]', `mode: ${mode}`)]))
    expect(result.found).toEqual([found])
    expect(result.listeners).toEqual([])
    expect(result.rejected).toBe(false)
  })

  test.each([
    [
      'mode: SIMPLE',
      'field/invalid-value spec.servers[0].tls.serverCertificate is absent, must be a file or give way to ' +
        'credentialName: mode is SIMPLE',
    ],
    [
      'mode: MUTUAL, serverCertificate: /c, privateKey: /k',
      'field/invalid-value spec.servers[0].tls.caCertificates is absent, must be a file or give way to ' +
        'credentialName: mode is MUTUAL',
    ],
    [
      'mode: SIMPLE, credentialName: c, minProtocolVersion: TLSV1_3, maxProtocolVersion: TLSV1_2',
      'field/invalid-value spec.servers[0].tls.maxProtocolVersion is TLSV1_2, must not be below ' +
        'minProtocolVersion TLSV1_3',
    ],
    [
      'mode: SIMPLE, credentialNme: c',
      'field/unknown spec.servers[0].tls.credentialNme is not a known field',
    ],
  ])('%s costs that server', (tls, found) => {
    const result = translateFirst(
      edge([https('[a.example]', tls), https('[b.example]', 'mode: SIMPLE, credentialName: c')]),
    )
    expect(result.found.map((each) => each.replace(/^\S+ /, ''))).toContain(found)
    expect(result.listeners.map(({ index }) => index)).toEqual([1])
    expect(result.rejected).toBe(true)
  })

  test('a host that is no server name', () => {
    expect(translateFirst(edge([https('["*a.example"]', 'mode: SIMPLE, credentialName: c')])).found).toEqual([
      '6:65 field/invalid-value hosts[0] is *a.example, must be a host name, one that begins with "*.", ' +
        'or "*"',
    ])
  })
})
