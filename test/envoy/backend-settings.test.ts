import { expect, test } from 'vitest'
import { findEnvoy } from '../../src/envoy/binary.ts'
import { validateEnvoyConfig } from '../../src/envoy/process.ts'
import { staticConfig } from '../../src/envoy/static-config.ts'
import { resourceTypes } from '../../src/xds/resource-types.ts'
import type { Scope } from '../../src/xds/scope.ts'
import { configure, resourcesOf, sidecar } from '../support/configuration.ts'

const scope: Scope = { ...sidecar('default', { app: 'web' }), locality: 'r1/z1' }

const endpoints =
  '[{address: 10.0.0.1, locality: r1/z1}, {address: 10.0.0.2, locality: r1/z2, labels: {app: web}}, ' +
  '{address: "unix:///run/x.sock", locality: r2}, {address: "unix://@x", locality: r3}]'

/**
 * A host with endpoints in four localities, two of them Unix sockets, and what a DestinationRule and the mesh
 * say of it.
 */
const configuration = (trafficPolicy: string, mesh = ''): string =>
  `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: x}
spec: {host: x.example, trafficPolicy: ${trafficPolicy}}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: x}
spec: {hosts: [x.example], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}], ` +
  `endpoints: ${endpoints}}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: named}
spec: {hosts: [named.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "${mesh}"}
`

const outliers =
  'outlierDetection: {consecutive5xxErrors: 0, consecutiveGatewayErrors: 2, ' +
  'splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 4}'

test.each<readonly [string, string]>([
  [`{${outliers}}`, ''],
  [
    `{${outliers}, loadBalancer: {localityLbSetting: {failover: [{from: r1, to: r3}]}, warmup: {duration: ` +
      `10s}}}`,
    'pathNormalization: {normalization: MERGE_SLASHES}',
  ],
  [
    `{${outliers}, loadBalancer: {simple: ROUND_ROBIN, warmupDurationSecs: 3s, localityLbSetting: ` +
      `{failoverPriority: [app, topology.kubernetes.io/region]}}}`,
    'pathNormalization: {normalization: NONE}',
  ],
  [
    '{loadBalancer: {localityLbSetting: {distribute: [{from: "*", to: {r1/*: 70, "*": 30}}]}}, ' +
      'retryBudget: {percent: 5, minRetryConcurrency: 2, budgetInterval: 1s}}',
    'pathNormalization: {normalization: DECODE_AND_MERGE_SLASHES}',
  ],
  [
    '{connectionPool: {http: {h2UpgradePolicy: UPGRADE, maxConcurrentStreams: 10, http2KeepAlive: ' +
      '{interval: 10s, timeout: 2s}}}}',
    'localityLbSetting: {enabled: false}',
  ],
  [
    '{loadBalancer: {consistentHash: {httpHeaderName: x-user, maglev: {tableSize: 101}}}}',
    'dnsRefreshRate: 3s',
  ],
  ['{loadBalancer: {simple: PASSTHROUGH}}', 'connectTimeout: 1s'],
])('Envoy accepts what %s becomes, where the mesh says %j', async (trafficPolicy, mesh) => {
  const { pipeline, resources, found } = configure(configuration(trafficPolicy, mesh))
  resources(scope, 'cluster')
  const { path } = await findEnvoy({ env: process.env })
  expect(found.filter((each) => !each.includes(' field/deprecated '))).toEqual([])
  expect(
    await validateEnvoyConfig(
      path,
      staticConfig(resourceTypes.flatMap(({ name }) => resourcesOf(pipeline, scope, name))),
    ),
  ).toBeUndefined()
})
