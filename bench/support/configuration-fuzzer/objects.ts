import fc from 'fast-check'
import type { Json, JsonObject } from '../../../src/manifest/manifest.ts'
import { destinationRules } from './policy.ts'
import { duration, exportTo, fields, firstOwnPort, labels, mapOf, own, ownPort, ownPorts } from './values.ts'
import { virtualServices } from './virtual-service.ts'

/**
 * A configuration that has no place in a batch yet: names hold `{id}` and `{ns}`, and own ports are numbers
 * above `firstOwnPort`.
 */
export interface Draft {
  readonly objects: readonly JsonObject[]
}

const kubernetesPorts = fc.constantFrom(
  [
    { name: 'http', port: 80 },
    { name: 'http-alt', port: 8080 },
  ],
  [
    { name: 'http', port: 80, targetPort: 8000 },
    { name: 'http-alt', port: 8080, targetPort: 'web' },
    { name: 'grpc', port: 9000 },
    { name: 'tcp', port: 9090 },
  ],
  [
    { name: 'web', port: 80, appProtocol: 'http' },
    { name: 'http2-alt', port: 8080 },
    { name: 'dns', port: 53, protocol: 'UDP' },
  ],
)
const reviews = fields(
  { ports: kubernetesPorts, selector: fc.constant({ app: own.reviews }) },
  {
    clusterIP: fc.constantFrom('None', '10.9.{ip4}', 'fd00:9::{ip6}'),
    type: fc.constantFrom('ClusterIP', 'NodePort'),
  },
)
const ratings = fc.oneof(
  {
    weight: 5,
    arbitrary: fields(
      { ports: fc.constant([{ name: 'http', port: 80 }]) },
      { selector: fc.constant({ app: own.ratings }) },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constant({
      type: 'ExternalName',
      externalName: own.external,
      ports: [{ name: 'http', port: 80 }],
    }),
  },
)

const address = fc.constantFrom('127.0.0.9', '10.2.0.1', '10.2.0.2', 'fd00::1', '::ffff:10.0.0.1')
const slice = fc.uniqueArray(address, { maxLength: 3 }).map((addresses): JsonObject => ({
  addressType: 'IPv4',
  ports: [
    { name: 'http', port: 8000 },
    { name: 'http-alt', port: 8081 },
    { name: 'grpc', port: 9090 },
  ],
  endpoints: addresses.map((each, index) => ({
    addresses: [each],
    conditions: { ready: index < 2 },
    zone: 'eu-a',
  })),
}))

const workload = (at: fc.Arbitrary<unknown>) =>
  fields(
    { address: at },
    {
      ports: mapOf(['http', 'alt'], fc.constantFrom(1, 8000, 65_535)),
      labels,
      locality: fc.constantFrom('eu', 'eu/a', 'eu/a/1', 'a/b/c/d'),
      weight: fc.constantFrom(0, 1, 100, 4_294_967_295),
      network: fc.constant('n1'),
      serviceAccount: fc.constant('sa'),
    },
  )
const entryPorts = fc.constantFrom(
  [
    { number: 80, name: 'http', protocol: 'HTTP' },
    { number: 8080, name: 'alt', protocol: 'HTTP2', targetPort: 8081 },
  ],
  [
    { number: 80, name: 'http', protocol: 'HTTP' },
    { number: 443, name: 'alt', protocol: 'HTTPS' },
    { number: 9090, name: 'tcp', protocol: 'TCP' },
  ],
)
const entryFields = {
  exportTo: exportTo.filter(([first]) => first === '*'),
  location: fc.constantFrom('MESH_EXTERNAL', 'MESH_INTERNAL'),
  addresses: fc.constantFrom(['10.8.{ip4}'], ['10.8.{ip4}', 'fd00:8::{ip6}'], ['10.8.{ip4}/32']),
  subjectAltNames: fc.constant(['spiffe://a/b']),
}
const serviceEntry = fc.oneof(
  fields(
    {
      resolution: fc.constant('STATIC'),
      endpoints: fc.array(workload(fc.oneof(address, fc.constant('10.7.0.1'))), { maxLength: 3 }),
    },
    entryFields,
  ),
  fields(
    {
      resolution: fc.constant('STATIC'),
      endpoints: fc.constantFrom([{ address: 'unix:///tmp/{id}.sock' }], [{ address: 'unix://@{id}' }]),
    },
    entryFields,
  ),
  fields(
    { resolution: fc.constant('STATIC'), workloadSelector: fc.constant({ labels: { app: 'w-{id}' } }) },
    entryFields,
  ),
  fields({ resolution: fc.constantFrom('DNS', 'DNS_ROUND_ROBIN') }, entryFields),
  fields(
    {
      resolution: fc.constant('DNS'),
      endpoints: fc.array(workload(fc.constantFrom('a.{id}.localhost', '10.7.0.2', 'x_y.{id}.localhost')), {
        minLength: 1,
        maxLength: 3,
      }),
    },
    entryFields,
  ),
  fields({ resolution: fc.constant('NONE') }, entryFields),
)
const namedEntry = fc
  .tuple(
    serviceEntry,
    entryPorts,
    fc.constantFrom([own.external], [own.external, 'alt.{id}.localhost'], ['EXT.{id}.localhost']),
  )
  .map(([entry, ports, hosts]) => ({ hosts, ports, ...entry }))
const wildEntry = fc
  .tuple(
    fc.constantFrom({ resolution: 'NONE' }, { resolution: 'STATIC', endpoints: [{ address: '10.7.0.3' }] }),
    entryPorts,
  )
  .map(([entry, ports]) => ({ hosts: [own.wild], ports, ...entry }))

const http = (k: number) =>
  fields(
    {
      port: fc.constantFrom(
        { number: ownPort(k), name: 'http', protocol: 'HTTP' },
        { number: ownPort(k), name: 'h2', protocol: 'HTTP2' },
      ),
      hosts: fc.constantFrom(['*'], [own.shop, `*.${own.shop}`], ['./*'], ['{ns}/*.{id}.localhost']),
    },
    {
      name: fc.constantFrom('one', 'odd name'),
      bind: fc.constantFrom('', '127.0.0.1'),
      tls: fc.constant({ httpsRedirect: true }),
      defaultEndpoint: fc.constant('127.0.0.1:80'),
    },
  )
const terminated = fields(
  {
    mode: fc.constantFrom('SIMPLE', 'MUTUAL', 'OPTIONAL_MUTUAL'),
    credentialName: fc.constantFrom('cert-{id}', 'kubernetes://cert-{id}'),
  },
  {
    minProtocolVersion: fc.constantFrom('TLS_AUTO', 'TLSV1_0', 'TLSV1_2'),
    maxProtocolVersion: fc.constantFrom('TLS_AUTO', 'TLSV1_2', 'TLSV1_3'),
    cipherSuites: fc.subarray(['ECDHE-RSA-AES128-GCM-SHA256', 'AES256-SHA', 'TLS_AES_128_GCM_SHA256']),
    ecdhCurves: fc.subarray(['X25519', 'P-256', 'P-521']),
    subjectAltNames: fc.constantFrom(['a.localhost'], ['spiffe://a/b']),
    verifyCertificateHash: fc.constant(['00'.repeat(32)]),
    verifyCertificateSpki: fc.constant([`${'A'.repeat(43)}=`]),
  },
)
const https = fields({
  port: fc.constant({ number: ownPort(3), name: 'https', protocol: 'HTTPS' }),
  hosts: fc.constantFrom([own.shop], ['*'], ['*.{id}.localhost', own.shop]),
  tls: terminated,
})
const passthrough = fields({
  port: fc.constantFrom(
    { number: ownPort(4), name: 'tls', protocol: 'TLS' },
    { number: ownPort(4), name: 'tls', protocol: 'HTTPS' },
  ),
  hosts: fc.constantFrom(['tls.{id}.localhost'], ['*']),
  tls: fc.constant({ mode: 'PASSTHROUGH' }),
})
const shared = fields({
  port: fc.constant({ number: 80, name: 'http', protocol: 'HTTP' }),
  hosts: fc.constantFrom([own.shop], ['*.{id}.localhost']),
})
const servers = fc
  .tuple(http(1), fc.subarray([shared, http(2), https, passthrough]))
  .chain(([first, others]) => fc.tuple(fc.constant(first), ...others))
const gateway = fields({ servers, selector: fc.constant({ istio: 'ingressgateway' }) })

const egress = fc.constantFrom(
  [{ hosts: ['./*', '*/*'] }],
  [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['{ns}/*'] }, { hosts: ['*/*'] }],
  [
    {
      port: { number: ownPort(5), name: 'http', protocol: 'HTTP' },
      bind: '127.0.0.1',
      hosts: [`./${own.external}`],
    },
    { hosts: ['./*', '~./*.hidden.localhost'] },
  ],
  [{ hosts: ['~/*'] }],
)
const sidecar = fields(
  { egress },
  {
    workloadSelector: fields({ labels }),
    outboundTrafficPolicy: fields({ mode: fc.constantFrom('REGISTRY_ONLY', 'ALLOW_ANY') }),
    ingress: fc.constant([
      { port: { number: ownPort(6), name: 'http', protocol: 'HTTP' }, defaultEndpoint: '127.0.0.1:8080' },
    ]),
    inboundConnectionPool: fields({}, { tcp: fields({ connectTimeout: duration }) }),
  },
)

const networking = 'networking.istio.io/v1'
const annotations = fc.constantFrom(
  {},
  {},
  { 'shadowplane.io/mirror-clusters': 'dedicated' },
  { 'shadowplane.io/shadow-host': 'keep', 'shadowplane.io/mirror-max-requests': '7' },
  { 'other.example/x': 'é' },
)

interface Named {
  readonly kind: string
  readonly name: string
  readonly spec: fc.Arbitrary<unknown>
  readonly apiVersion?: string
}

function object({ kind, name, spec, apiVersion = networking }: Named): fc.Arbitrary<JsonObject> {
  return fc.tuple(spec, annotations).map(([value, given]) => ({
    apiVersion,
    kind,
    metadata: {
      name: `${name}-{id}`,
      namespace: own.namespace,
      ...(Object.keys(given).length === 0 ? {} : { annotations: given }),
    },
    spec: value as JsonObject,
  }))
}

const sliceObject = slice.map((body): JsonObject => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: {
    name: 'reviews-{id}-1',
    namespace: own.namespace,
    labels: { 'kubernetes.io/service-name': own.reviews },
  },
  ...body,
}))
const workloadEntry = object({
  kind: 'WorkloadEntry',
  name: 'w',
  spec: workload(address).map((spec) => ({ ...spec, labels: { app: 'w-{id}' } })),
})

const base: readonly fc.Arbitrary<JsonObject>[] = [
  object({ kind: 'Service', name: 'reviews', spec: reviews, apiVersion: 'v1' }),
  object({ kind: 'Service', name: 'ratings', spec: ratings, apiVersion: 'v1' }),
  object({ kind: 'DestinationRule', name: 'reviews', spec: destinationRules.withSubsets }),
  object({ kind: 'ServiceEntry', name: 'ext', spec: namedEntry }),
  object({ kind: 'Gateway', name: 'edge', spec: gateway }),
  object({ kind: 'VirtualService', name: 'edge', spec: virtualServices.edge }),
  object({ kind: 'VirtualService', name: 'leaf', spec: virtualServices.leaf }),
]
const further: readonly fc.Arbitrary<JsonObject>[] = [
  sliceObject,
  workloadEntry,
  object({ kind: 'VirtualService', name: 'mesh', spec: virtualServices.mesh }),
  object({ kind: 'DestinationRule', name: 'other', spec: destinationRules.other }),
  object({ kind: 'ServiceEntry', name: 'wild', spec: wildEntry }),
]
const sidecarObject = object({ kind: 'Sidecar', name: 'sidecar', spec: sidecar })

/**
 * A valid configuration, as Istio's API has it: nothing in it is a mistake, though some of it may not be
 * supported here.
 */
export const draft: fc.Arbitrary<Draft> = fc
  .tuple(
    fc.tuple(...base),
    fc.subarray([...further], { minLength: 2 }).chain((chosen) => fc.tuple(...chosen)),
    fc.oneof({ weight: 7, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.tuple(sidecarObject) }),
  )
  .map((parts) => ({ objects: parts.flat() }))

/** The place of a configuration in its batch. */
export interface Place {
  /** A number among all configurations of a run. */
  readonly id: number
  /** In the batch, from 0. */
  readonly slot: number
  readonly namespace: string
}

const lowestOwnPort = 21_000

/** The objects with the names and ports of their place. */
export function placed(objects: readonly JsonObject[], place: Place): readonly JsonObject[] {
  return objects.map((each) => substituted(each, place) as JsonObject)
}

function substituted(value: Json, place: Place): Json {
  if (typeof value === 'string') return text(value, place)
  if (typeof value === 'number')
    return value > firstOwnPort && value < firstOwnPort + ownPorts
      ? lowestOwnPort + place.slot * ownPorts + value - firstOwnPort
      : value
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map((each: Json) => substituted(each, place))
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [text(key, place), substituted(each, place)]),
  )
}

function text(value: string, { id, namespace }: Place): string {
  return value
    .replaceAll('{id}', `c${id}`)
    .replaceAll('{ns}', namespace)
    .replaceAll('{ip4}', `${(id >> 8) % 256}.${id % 256}`)
    .replaceAll('{ip6}', (id + 1).toString(16))
}
