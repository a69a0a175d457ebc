import fc from 'fast-check'
import { count, duration, either, exportTo, fields, labels, own } from './values.ts'

const percent = fc.constantFrom(0, 1, 50, 100)
const tcp = fields(
  {},
  {
    maxConnections: count,
    connectTimeout: duration,
    tcpKeepalive: fields({}, { probes: count, time: duration, interval: duration }),
    maxConnectionDuration: duration,
    idleTimeout: duration,
  },
)
const http = fields(
  {},
  {
    http1MaxPendingRequests: count,
    http2MaxRequests: count,
    maxRequestsPerConnection: count,
    maxRetries: count,
    idleTimeout: duration,
    h2UpgradePolicy: fc.constantFrom('DEFAULT', 'DO_NOT_UPGRADE', 'UPGRADE'),
    useClientProtocol: fc.boolean(),
    maxConcurrentStreams: count,
    http2KeepAlive: fields({ interval: duration, timeout: duration }),
  },
)

const cookie = fields(
  { name: fc.constantFrom('session', 'a_b') },
  {
    ttl: fc.constantFrom('0s', '1h'),
    path: fc.constantFrom('/', '/é'),
    attributes: fc.constant([{ name: 'SameSite', value: 'Lax' }, { name: 'Secure' }]),
  },
)
const by = either(
  fields({ httpHeaderName: fc.constantFrom('x-user', 'X-User') }),
  fields({ httpCookie: cookie }),
  fields({ useSourceIp: fc.boolean() }),
  fields({ httpQueryParameterName: fc.constantFrom('q', 'é') }),
)
const ring = either(
  fields({ ringHash: fields({}, { minimumRingSize: fc.constantFrom(0, 1, 1024, 5000) }) }),
  fields({ maglev: fields({}, { tableSize: fc.constantFrom(2, 7, 101, 65_537) }) }),
  fields({ minimumRingSize: fc.constantFrom(1, 1024) }),
  fc.constant({}),
)
const consistentHash = fc
  .tuple(by, ring)
  .map(([key, table]) => ({ ...(key as object), ...(table as object) }))

const localityLbSetting = either(
  fields(
    {
      distribute: fc.constantFrom(
        [{ from: 'eu/*', to: { 'eu/a/*': 80, 'us/*': 20 } }],
        [{ from: '*', to: { eu: 100 } }],
      ),
    },
    { enabled: fc.boolean() },
  ),
  fields({ failover: fc.constant([{ from: 'eu', to: 'us' }]) }, { enabled: fc.boolean() }),
  fields({ failoverPriority: fc.constant(['topology.kubernetes.io/region', 'version=v1']) }),
)
const balance = either(
  fields({
    simple: fc.constantFrom(
      'UNSPECIFIED',
      'LEAST_CONN',
      'RANDOM',
      'PASSTHROUGH',
      'ROUND_ROBIN',
      'LEAST_REQUEST',
    ),
  }),
  fields({ consistentHash }),
  fc.constant({}),
)
const loadBalancer = fc
  .tuple(
    balance,
    fields(
      {},
      {
        localityLbSetting,
        warmup: fields(
          { duration },
          { minimumPercent: fc.constantFrom(0, 10, 100), aggression: fc.constantFrom(1, 2.5) },
        ),
        warmupDurationSecs: duration,
      },
    ),
  )
  .map(([kind, rest]) => ({ ...(kind as object), ...rest }))

const outlierDetection = fields(
  {},
  {
    consecutiveErrors: count,
    splitExternalLocalOriginErrors: fc.boolean(),
    consecutiveLocalOriginFailures: count,
    consecutiveGatewayErrors: count,
    consecutive5xxErrors: count,
    interval: duration,
    baseEjectionTime: duration,
    maxEjectionPercent: percent,
    minHealthPercent: percent,
  },
)

const names = {
  subjectAltNames: fc.constantFrom(['a.localhost'], ['a.localhost', 'spiffe://x/y']),
  sni: fc.constantFrom('a.localhost', 'x_y.localhost'),
}
/** Envoy refuses files that do not exist, so certificates come from Secrets only. */
const authorities = '/etc/ssl/certs/ca-certificates.crt'
const tls = either(
  fields({ mode: fc.constantFrom('DISABLE', 'ISTIO_MUTUAL') }),
  fields(
    { mode: fc.constant('SIMPLE') },
    { ...names, caCertificates: fc.constantFrom(authorities, 'system') },
  ),
  fields({ mode: fc.constant('SIMPLE'), insecureSkipVerify: fc.constant(true) }, { sni: names.sni }),
  fields(
    {
      mode: fc.constantFrom('SIMPLE', 'MUTUAL'),
      credentialName: fc.constantFrom('cert-{id}', 'kubernetes://cert-{id}'),
    },
    names,
  ),
)

const blocks = { connectionPool: fields({}, { tcp, http }), loadBalancer, outlierDetection, tls }
const trafficPolicy = fields(
  {},
  {
    ...blocks,
    portLevelSettings: fc.array(
      fields({ port: fields({ number: fc.constantFrom(80, 8080, 9000) }) }, blocks),
      { minLength: 1, maxLength: 2 },
    ),
    proxyProtocol: fields({ version: fc.constantFrom('V1', 'V2') }),
    tunnel: fc.constant({ protocol: 'CONNECT', targetHost: own.external, targetPort: 443 }),
    retryBudget: fields({ percent: fc.constantFrom(0, 20, 100) }, { minRetryConcurrency: count }),
  },
)

const subsets = fc
  .tuple(fields({ labels }, { trafficPolicy }), fields({}, { labels, trafficPolicy }))
  .map(([v1, v2]) => [
    { name: 'v1', ...v1 },
    { name: 'v2', ...v2 },
  ])

/** The `spec` of the DestinationRules of the service with subsets, and of another one. */
export const destinationRules = {
  withSubsets: fields(
    { host: fc.constantFrom(own.reviews, `${own.reviews}.${own.namespace}.svc.cluster.local`), subsets },
    { trafficPolicy },
  ),
  other: fields(
    { host: fc.constantFrom(own.ratings, own.external, own.wild, '*.{id}.localhost') },
    { trafficPolicy, exportTo, workloadSelector: fields({ matchLabels: labels }) },
  ),
}
