import { describe, expect, test } from 'vitest'
import type { Message } from '../../../src/xds/proto.ts'
import type { Scope } from '../../../src/xds/scope.ts'
import { configure, gateway, sidecar, translateFirst } from '../../support/configuration.ts'
import type { Cluster } from '../../support/configuration.ts'
import { service } from './text.ts'

const cluster = 'outbound|80||reviews.default.svc.cluster.local'
const httpOptions = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'
const overAds = { ads: {}, initial_fetch_timeout: '2s', resource_api_version: 'V3' }

/** A DestinationRule whose fields begin at 6:3. */
function rule(fields: string): string {
  return (
    `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: reviews}\nspec:\n  ` +
    `host: reviews\n  ${fields}\n`
  )
}

function clusterOf(
  fields: string,
  {
    scope = sidecar(),
    name = cluster,
    ports = [80],
  }: { readonly scope?: Scope; readonly name?: string; readonly ports?: readonly number[] } = {},
): Cluster | undefined {
  return configure(rule(fields) + service('reviews', ports))
    .resources(scope, 'cluster')
    .get(name) as Cluster | undefined
}

type UpstreamTlsContext = Message<'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext'>

function contextOf(
  fields: string,
  options?: Parameters<typeof clusterOf>[1],
): UpstreamTlsContext | undefined {
  return clusterOf(fields, options)?.transport_socket?.typed_config as UpstreamTlsContext | undefined
}

function policy(tls: string): string {
  return `trafficPolicy: {tls: {${tls}}}`
}

describe('TLS to a host', () => {
  test('SIMPLE trusts the authorities of the system, and verifies the Host of each request', () => {
    expect(contextOf(policy('mode: SIMPLE'))).toEqual({
      '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
      common_tls_context: {
        tls_params: { tls_minimum_protocol_version: 'TLSv1_2', tls_maximum_protocol_version: 'TLSv1_3' },
        combined_validation_context: {
          default_validation_context: {},
          validation_context_sds_secret_config: { name: 'file-root:system', sds_config: overAds },
        },
      },
    })
    expect(clusterOf(policy('mode: SIMPLE'))?.typed_extension_protocol_options?.[httpOptions]).toMatchObject({
      upstream_http_protocol_options: { auto_sni: true, auto_san_validation: true },
    })
  })

  test('sni and subjectAltNames are asked for as they are written', () => {
    const fields = policy(
      'mode: SIMPLE, caCertificates: /certs/ca.pem, sni: r.example, subjectAltNames: [r.example, ' +
        '"spiffe://a/b", 10.0.0.1, a@b.example]',
    )
    expect(contextOf(fields)).toMatchObject({
      sni: 'r.example',
      common_tls_context: {
        combined_validation_context: {
          default_validation_context: {
            match_typed_subject_alt_names: [
              { san_type: 'DNS', matcher: { exact: 'r.example' } },
              { san_type: 'URI', matcher: { exact: 'spiffe://a/b' } },
              { san_type: 'IP_ADDRESS', matcher: { exact: '10.0.0.1' } },
              { san_type: 'EMAIL', matcher: { exact: 'a@b.example' } },
            ],
          },
          validation_context_sds_secret_config: { name: 'file-root:/certs/ca.pem' },
        },
      },
    })
    expect(clusterOf(fields)?.typed_extension_protocol_options).toBeUndefined()
  })

  test('MUTUAL with files has them over SDS, and the proxy reads them', () => {
    const fields = policy(
      'mode: MUTUAL, clientCertificate: /c/cert.pem, privateKey: /c/key.pem, caCertificates: /c/ca.pem, ' +
        'sni: a, subjectAltNames: [a]',
    )
    expect(contextOf(fields)?.common_tls_context?.tls_certificate_sds_secret_configs).toEqual([
      { name: 'file-cert:/c/cert.pem~/c/key.pem', sds_config: overAds },
    ])
    expect(
      Object.fromEntries(configure(rule(fields) + service('reviews')).resources(sidecar(), 'secret')),
    ).toMatchObject({
      'file-cert:/c/cert.pem~/c/key.pem': {
        tls_certificate: {
          certificate_chain: { filename: '/c/cert.pem' },
          private_key: { filename: '/c/key.pem' },
        },
      },
      'file-root:/c/ca.pem': { validation_context: { trusted_ca: { filename: '/c/ca.pem' } } },
    })
  })

  test('insecureSkipVerify verifies nothing', () => {
    expect(contextOf(policy('mode: SIMPLE, insecureSkipVerify: true'))?.common_tls_context).toMatchObject({
      validation_context: {},
    })
    expect(
      clusterOf(policy('mode: SIMPLE, insecureSkipVerify: true'))?.typed_extension_protocol_options?.[
        httpOptions
      ],
    ).toMatchObject({ upstream_http_protocol_options: { auto_sni: true } })
  })

  test('HTTP/2 is agreed on by ALPN', () => {
    expect(
      contextOf('trafficPolicy: {tls: {mode: SIMPLE}, connectionPool: {http: {h2UpgradePolicy: UPGRADE}}}')
        ?.common_tls_context?.alpn_protocols,
    ).toEqual(['h2'])
    expect(contextOf(policy('mode: SIMPLE'))?.common_tls_context).not.toHaveProperty('alpn_protocols')
  })

  test.each(['mode: DISABLE', 'mode: ISTIO_MUTUAL', 'sni: a'])('%s is plain text', (tls) => {
    expect(clusterOf(policy(tls))).toBeDefined()
    expect(contextOf(policy(tls))).toBeUndefined()
  })
})

describe('the level that counts', () => {
  const subset = (name: string): string => `outbound|80|${name}|reviews.default.svc.cluster.local`

  test('is the subset’s, also to turn TLS off', () => {
    const fields =
      'trafficPolicy: {tls: {mode: SIMPLE, sni: all, subjectAltNames: [a]}}\n  subsets: [{name: off, ' +
      'trafficPolicy: {tls: {mode: DISABLE}}}, {name: own, trafficPolicy: {tls: {mode: SIMPLE, sni: ' +
      'own}}}, {name: same}]'
    expect(['off', 'own', 'same'].map((name) => contextOf(fields, { name: subset(name) })?.sni)).toEqual([
      undefined,
      'own',
      'all',
    ])
    expect(contextOf(fields, { name: subset('off') })).toBeUndefined()
  })

  test('is the port’s, which replaces the host’s whole', () => {
    const fields =
      'trafficPolicy: {tls: {mode: SIMPLE, sni: all}, portLevelSettings: [{port: {number: 80}, tls: ' +
      '{mode: SIMPLE, sni: eighty}}, {port: {number: 81}, loadBalancer: {simple: RANDOM}}]}'
    const at = (port: number) =>
      contextOf(fields, { ports: [80, 81, 82], name: `outbound|${port}||reviews.default.svc.cluster.local` })
        ?.sni
    expect([at(80), at(81), at(82)]).toEqual(['eighty', undefined, 'all'])
  })
})

describe('credentialName', () => {
  const fields = policy('mode: MUTUAL, credentialName: client, sni: a, subjectAltNames: [a]')

  test('names Secrets on gateways', () => {
    expect(contextOf(fields, { scope: gateway })?.common_tls_context).toMatchObject({
      tls_certificate_sds_secret_configs: [{ name: 'kubernetes://client', sds_config: overAds }],
      combined_validation_context: {
        validation_context_sds_secret_config: { name: 'kubernetes://client-cacert', sds_config: overAds },
      },
    })
  })

  test('leaves sidecars in plain text, which is said, unless the rule selects them', () => {
    expect(contextOf(fields)).toBeUndefined()
    expect(translateFirst(rule(fields)).found).toEqual([
      '6:55 tls/gateways-only credentialName applies to gateways: sidecars connect to the host in plain ' +
        'text, as in Istio',
    ])
    expect(
      contextOf(`${fields}\n  workloadSelector: {matchLabels: {app: client}}`, {
        scope: sidecar('default', { app: 'client' }),
      }),
    ).toBeDefined()
  })

  test('of a Secret that is not there is said at its line', () => {
    expect(configure(rule(fields) + service('reviews')).found).toContain(
      '6:55 tls/unknown-secret there is no Secret client: connections that need it fail until there is',
    )
  })
})

describe('a mistake in TLS settings', () => {
  test.each([
    [
      'mode: SIMPEL',
      '6:31 field/invalid-value spec.trafficPolicy.tls.mode is "SIMPEL", must be one of DISABLE, SIMPLE, ' +
        'MUTUAL, ISTIO_MUTUAL',
    ],
    [
      'mode: SIMPLE, caCertificate: a',
      '6:39 field/unknown spec.trafficPolicy.tls.caCertificate is not a known field',
    ],
    [
      'mode: MUTUAL, credentialName: a, privateKey: /b',
      '6:70 field/invalid-value spec.trafficPolicy.tls.privateKey is set beside credentialName, must not',
    ],
    [
      'mode: SIMPLE, insecureSkipVerify: true, caCertificates: /b',
      '6:81 field/invalid-value spec.trafficPolicy.tls.caCertificates has no meaning beside ' +
        'insecureSkipVerify: true, must be absent',
    ],
  ])('%s', (tls, found) => {
    const result = translateFirst(
      rule(`trafficPolicy: {tls: {${tls}}, connectionPool: {tcp: {maxConnections: 7}}}`),
    )
    expect(result.found).toContain(found)
    expect(result.rejected).toBe(true)
    expect(result.policies[0]?.settings.all).toMatchObject({ maxConnections: 7 })
  })

  test('MUTUAL without a certificate', () => {
    expect(translateFirst(rule(policy('mode: MUTUAL'))).found).toEqual([
      '6:19 field/invalid-value spec.trafficPolicy.tls.clientCertificate is absent, must be a file or ' +
        'give way to credentialName: mode is MUTUAL',
      '6:19 field/invalid-value spec.trafficPolicy.tls.privateKey is absent, must be a file or give way ' +
        'to credentialName: mode is MUTUAL',
    ])
  })

  test('ISTIO_MUTUAL is said, with what to write instead', () => {
    const { found, diagnostics, rejected } = translateFirst(rule(policy('mode: ISTIO_MUTUAL')))
    expect(found).toEqual([
      '6:31 tls/istio-mutual mode ISTIO_MUTUAL needs the certificates of an Istio CA, and there is none ' +
        'here: the connections stay plain text',
    ])
    expect(diagnostics[0]?.hint).toBe(
      'write MUTUAL with a credentialName or files, or SIMPLE to verify the server only',
    )
    expect(rejected).toBe(false)
  })

  test('an sni whose name nobody verifies is said', () => {
    expect(translateFirst(rule(policy('mode: SIMPLE, sni: a.example'))).diagnostics).toMatchObject([
      { code: 'tls/name-not-verified', hint: 'add subjectAltNames: [a.example]' },
    ])
  })
})
