import { beforeAll, expect, test } from 'vitest'
import { findEnvoy } from '../../../src/envoy/binary.ts'
import { validateEnvoyConfig } from '../../../src/envoy/process.ts'
import { staticConfig } from '../../../src/envoy/static-config.ts'
import { UsageError } from '../../../src/errors.ts'
import { scopeKey } from '../../../src/xds/scope.ts'
import { configure, gateway } from '../../support/configuration.ts'
import { backends, object, upstream, virtualService } from './text.ts'

let envoy: string | undefined

beforeAll(async () => {
  envoy = await findEnvoy({
    env: process.env,
    progress: (line) => {
      console.log(line)
    },
  }).then(
    ({ path }) => path,
    (error: unknown) => {
      // A wrong $ENVOY_BIN is a mistake to be seen, not a machine without Envoy.
      if (error instanceof UsageError && (process.env['ENVOY_BIN'] ?? '') === '') return undefined
      throw error
    },
  )
}, 300_000)

const everything = `${virtualService(
  `- matchers: [{prefix: /a, methods: [GET, PUT], headers: [{name: x, ` +
    `value: "1.*", regex: true}, {name: y, invertMatch: true}], queryParameters: [{name: q}]}]
  routeAction: {single: {upstream: {name: shop}}}
  options:
    shadowing: {upstream: {name: shadow}, percentage: 0.39, disableShadowHostSuffixAppend: true}
    timeout: 3s
    retries: {retryOn: "5xx,retriable-status-codes", numRetries: 2, perTryTimeout: 1s, ` +
    `retriableStatusCodes: [418], retryBackOff: {baseInterval: 1s}, previousPriorities: {updateFrequency: 2}}
    regexRewrite: {pattern: {regex: "^/a/(.*)"}, substitution: "/b/\\\\1"}
    hostRewrite: shop.example
    headerManipulation: {requestHeadersToAdd: [{header: {key: a, value: "100%%"}, append: false}, ` +
    `{header: {key: b, value: "%REQ(x)%"}}], responseHeadersToRemove: [server]}
    faults: {abort: {percentage: 1, httpStatus: 503}, delay: {percentage: 2.5, fixedDelay: 1s}}
    cors: {allowOrigin: ["https://a.example"], allowOriginRegex: [".*[.]example"], allowMethods: [GET], ` +
    `allowHeaders: [x], exposeHeaders: [y], maxAge: "60", allowCredentials: true}
- matchers: [{exact: /m}, {regex: "/n.*", caseSensitive: false}]
  routeAction: {multi: {destinations: [{destination: {upstream: {name: shop}}, weight: 1}, {destination: ` +
    `{upstream: {name: far}}, weight: 2}]}}
- matchers: [{prefix: /r}]
  redirectAction: {hostRedirect: a.example, httpsRedirect: true, prefixRewrite: /s, responseCode: ` +
    `PERMANENT_REDIRECT, portRedirect: 8443}
- matchers: [{prefix: /d}]
  directResponseAction: {status: 404, body: gone}
- matchers: [{prefix: /gone}]
  routeAction: {single: {upstream: {name: none}}}
- matchers: [{prefix: /t}]
  delegateAction: {ref: {name: table}}
  options: {prefixRewrite: /}
- routeAction: {single: {upstream: {name: far}}}`,
)}${backends}
${object('RouteTable', 'table', 'routes:\n- matchers: [{prefix: /t/a}]\n  routeAction: {single: {upstream: {name: tuned}}}\n  options: {shadowing: {upstream: {name: socket}, percentage: 50}}')}
${upstream('far').replace(/kube: .*/, 'static: {hosts: [{addr: shop.example.com, port: 443}, {addr: 10.0.0.1, port: 8443, loadBalancingWeight: 3}]}')}
${upstream('socket').replace(/kube: .*/, 'pipe: {path: /run/shop.sock}')}
${upstream(
  'tuned',
  `useHttp2: true
maxConcurrentStreams: 5
connectionConfig: {connectTimeout: 2s, maxRequestsPerConnection: 3, tcpKeepalive: {keepaliveTime: 10s, ` +
    `keepaliveInterval: 5s, keepaliveProbes: 2}, commonHttpProtocolOptions: {idleTimeout: 60s}}
circuitBreakers: {maxConnections: 3, maxRequests: 0}
outlierDetection: {consecutive5xx: 3, interval: 5s, maxEjectionPercent: 50}
loadBalancerConfig: {ringHash: {ringHashConfig: {minimumRingSize: 64}}}
sslConfig: {sni: tuned.example}`,
)}`

test('Envoy accepts what every option is translated to', async ({ skip }) => {
  if (envoy === undefined) return skip('there is no Envoy')
  const { pipeline, found } = configure(everything)
  pipeline.connect(scopeKey(gateway), gateway)
  pipeline.flush()
  const resources = pipeline.read.entries(pipeline.scopedResources).map(([, { resource }]) => resource)
  expect(await validateEnvoyConfig(envoy, staticConfig(resources))).toBeUndefined()
  expect(found.filter((each) => !each.includes(' gateway/assumed '))).toEqual([
    expect.stringContaining('route/unknown-host there is no Upstream gloo-system/none'),
  ])
})
