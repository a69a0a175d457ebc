import { describe, expect, test } from 'vitest'
import { defaultSettings } from '../../../src/control-plane/config.ts'
import { meshSettings } from '../../../src/dialects/index.ts'
import type { Settings } from '../../../src/model/settings.ts'
import type { Scope } from '../../../src/xds/scope.ts'
import { configure, gateway, parse, sidecar, translateFirst } from '../../support/configuration.ts'
import type { Cluster } from '../../support/configuration.ts'
import { service, virtualService } from './text.ts'

/** The ConfigMap of Istio's installation; `mesh` begins at 7:5. */
function configMap(mesh: string, metadata = 'name: istio, namespace: istio-system'): string {
  return `apiVersion: v1
kind: ConfigMap
metadata: {${metadata}}
data:
  meshNetworks: 'networks: {}'
  mesh: |-
    ${mesh.trim().replaceAll('\n', '\n    ')}
`
}

function settingsOf(text: string): Partial<Settings> {
  const [first] = parse(text)
  const [entry] = first === undefined ? [] : meshSettings(first.manifest, defaultSettings)
  if (entry === undefined) return {}
  return Object.fromEntries(
    Object.entries(entry[1]).filter(
      ([name, value]) => JSON.stringify(value) !== JSON.stringify(defaultSettings[name as keyof Settings]),
    ),
  )
}

describe('the MeshConfig in the ConfigMap istio-system/istio', () => {
  test.each<readonly [string, Partial<Settings>]>([
    ['rootNamespace: mesh', { rootNamespace: 'mesh' }],
    ['connectTimeout: 3s', { connectTimeout: 3000 }],
    ['dnsRefreshRate: 5s', { dnsRefreshRate: 5000 }],
    ['tcpKeepalive: {probes: 0, time: 10s}', { tcpKeepalive: { time: 10000 } }],
    ['outboundTrafficPolicy: {mode: REGISTRY_ONLY}', { outsideTraffic: 'refuse' }],
    ['defaultHttpRetryPolicy: {attempts: 0}', { defaultRetry: 'never' }],
    [
      'defaultServiceExportTo: ["."]\ndefaultVirtualServiceExportTo: [a]\ndefaultDestinationRuleExportTo: ' +
        '["~"]',
      { defaultExport: { services: ['.'], routeTables: ['a'], policies: ['~'] } },
    ],
    ['pathNormalization: {normalization: MERGE_SLASHES}', { pathNormalization: 'merge-slashes' }],
    [
      'localityLbSetting: {failover: [{from: a, to: b}]}',
      { locality: { distribute: [], failover: [{ from: 'a', to: 'b' }], comparisons: [] } },
    ],
    [
      'enableAutoMtls: true\naccessLogFile: /dev/stdout\ndefaultConfig:\n  discoveryAddress: ' +
        'istiod.istio-system.svc:15012\ntrustDomain: cluster.local',
      {},
    ],
  ])('%j', (mesh, settings) => {
    expect(settingsOf(configMap(mesh))).toEqual(settings)
    expect(translateFirst(configMap(mesh)).found).toEqual([])
  })

  test('is in no other ConfigMap', () => {
    for (const other of ['name: istio', 'name: istio-ca, namespace: istio-system']) {
      expect(settingsOf(configMap('rootNamespace: mesh', other))).toEqual({})
      expect(translateFirst(configMap('rootNamespac: mesh', other)).found.join()).toMatch(
        /^\S+ manifest\/unclaimed-kind [^,]*$/,
      )
    }
  })

  test.each<readonly [string, string]>([
    [
      'rootNamespace: mesh\nconnectTimeout: 3',
      '8:21 field/wrong-type data.mesh.connectTimeout is the number 3, must be a string',
    ],
    [
      'rootNamespace: mesh\nconnectTimeOut: 3s',
      '8:5 field/unknown data.mesh.connectTimeOut is not a known field',
    ],
    [
      'rootNamespace: mesh\n\noutboundTrafficPolicy:\n  mode: REGISTRY',
      '10:13 field/invalid-value data.mesh.outboundTrafficPolicy.mode is "REGISTRY", must be one of ' +
        'REGISTRY_ONLY, ALLOW_ANY, ALLOW_ANY_DYNAMIC_DNS',
    ],
    [
      'rootNamespace: mesh\ndefaultHttpRetryPolicy: {attempts: 2, perTryTimeout: 2}',
      '8:58 field/wrong-type data.mesh.defaultHttpRetryPolicy.perTryTimeout is the number 2, must be a ' +
        'string',
    ],
    [
      'rootNamespace: mesh\nlocalityLbSetting:\n  distribute:\n  - from: a/*\n    to:\n      "a/*": 80\n  ' +
        '    "b/*": 10',
      '11:9 field/invalid-value data.mesh.localityLbSetting.distribute[0].to has shares that do not add ' +
        'up to 100',
    ],
    [
      'rootNamespace: mesh\ntcpKeepalive: {time: 10}',
      '8:26 field/wrong-type data.mesh.tcpKeepalive.time is the number 10, must be a string',
    ],
    [
      'rootNamespace: mesh\nh2UpgradePolicy: UPGRADE',
      '8:22 field/unsupported h2UpgradePolicy is not supported yet, it has no effect',
    ],
  ])('%j is said at its place, and the rest counts', (mesh, found) => {
    expect(translateFirst(configMap(mesh)).found).toEqual([found])
    expect(settingsOf(configMap(mesh))).toEqual({ rootNamespace: 'mesh' })
  })

  test('that is no YAML is said at its line, and the defaults stay', () => {
    const text = configMap('rootNamespace: mesh\nconnectTimeout: "3s')
    expect(translateFirst(text).found).toEqual([
      '8:5 yaml/syntax line 2 of the text data.mesh: Missing closing "quote',
    ])
    expect(settingsOf(text)).toEqual({})
  })

  test('in a quoted text is read too, and its mistakes are said at the text', () => {
    const text =
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: ` +
      `istio-system}\ndata:\n  mesh: "{rootNamespace: mesh, connectTimeout: 3}"\n`
    expect(settingsOf(text)).toEqual({ rootNamespace: 'mesh' })
    expect(translateFirst(text).found).toEqual([
      '5:9 field/wrong-type data.mesh.connectTimeout is the number 3, must be a string',
    ])
  })
})

describe('what the MeshConfig says', () => {
  const shop = `---\n${virtualService('route: [{destination: {host: reviews}}]')}${service('reviews')}`

  test('counts for routes and clusters', () => {
    const configuration = configure(
      `${configMap('connectTimeout: 3s\ndefaultHttpRetryPolicy: {attempts: 7}')}${shop}`,
    )
    const [route] = configuration.routes(gateway)
    expect(
      (
        configuration
          .resources(gateway, 'cluster')
          .get('outbound|80||reviews.default.svc.cluster.local') as Cluster
      ).connect_timeout,
    ).toBe('3s')
    expect(configuration.routes(sidecar())[0]?.route?.retry_policy?.num_retries).toBe(7)
    expect(route).toBeUndefined()
  })

  test('keeps connections to all clusters alive, and a DestinationRule changes single fields of that', () => {
    const rule =
      '---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: d}\nspec: {host: ' +
      'reviews, trafficPolicy: {connectionPool: {tcp: {tcpKeepalive: {time: 60s}}}}}\n'
    const keepalive = (text: string, name: string, scope: Scope = sidecar()) =>
      (
        configure(`${configMap('tcpKeepalive: {probes: 9, time: 10.9s, interval: 5s}')}${text}`)
          .resources(scope, 'cluster')
          .get(name) as Cluster
      ).upstream_connection_options
    expect(keepalive(shop, 'outbound|80||reviews.default.svc.cluster.local')).toEqual({
      tcp_keepalive: { keepalive_probes: 9, keepalive_time: 10, keepalive_interval: 5 },
    })
    expect(keepalive(shop + rule, 'outbound|80||reviews.default.svc.cluster.local')).toEqual({
      tcp_keepalive: { keepalive_probes: 9, keepalive_time: 60, keepalive_interval: 5 },
    })
    expect(keepalive(shop, 'PassthroughCluster', { ...sidecar(), interception: 'redirect' })).toMatchObject({
      tcp_keepalive: { keepalive_probes: 9 },
    })
  })

  test.each<readonly [string, object]>([
    ['NONE', {}],
    ['BASE', { normalize_path: true }],
    ['MERGE_SLASHES', { normalize_path: true, merge_slashes: true }],
    [
      'DECODE_AND_MERGE_SLASHES',
      { normalize_path: true, merge_slashes: true, path_with_escaped_slashes_action: 'UNESCAPE_AND_FORWARD' },
    ],
  ])('counts for paths: %s', (normalization, expected) => {
    const text = JSON.stringify([
      ...configure(`${configMap(`pathNormalization: {normalization: ${normalization}}`)}${shop}`)
        .resources(sidecar(), 'listener')
        .values(),
    ])
    const found = [
      ...text.matchAll(/"(normalize_path|merge_slashes|path_with_escaped_slashes_action)":("?\w+"?)/g),
    ].map(([, name, value]) => [name, JSON.parse(value ?? '')])
    expect(Object.fromEntries(found.filter(([, value]) => value !== false))).toEqual(expected)
  })

  test('decides who sees an object that does not say', () => {
    const hosts = (mesh: string, text = shop): readonly string[] => [
      ...configure(`${configMap(mesh)}${text}`)
        .resources(sidecar('other'), 'cluster')
        .keys(),
    ]
    expect(hosts('defaultServiceExportTo: ["*"]')).toHaveLength(1)
    expect(hosts('defaultServiceExportTo: ["."]')).toHaveLength(0)
    expect(hosts('defaultServiceExportTo: ["other"]')).toHaveLength(1)
    expect(
      hosts(
        'defaultServiceExportTo: ["."]',
        shop.replace(
          'metadata: {name: reviews, namespace: default}',
          'metadata: {name: reviews, annotations: {networking.istio.io/exportTo: "other, more"}}',
        ),
      ),
    ).toHaveLength(1)
    const routes = (mesh: string) =>
      configure(`${configMap(mesh)}${shop}`)
        .routes(sidecar('other'))
        .filter(({ metadata }) => metadata !== undefined)
    expect(routes('defaultVirtualServiceExportTo: ["*"]')).toHaveLength(1)
    expect(routes('defaultVirtualServiceExportTo: ["."]')).toHaveLength(0)
  })
})
