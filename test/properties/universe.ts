import fc from 'fast-check'
import { defaultSettings } from '../../src/control-plane/config.ts'
import { objectKey } from '../../src/diagnostics/diagnostic.ts'
import type { JsonObject, Manifest } from '../../src/manifest/manifest.ts'
import { createPipeline, diagnosticsOf } from '../../src/pipeline/pipeline.ts'
import type { Pipeline } from '../../src/pipeline/pipeline.ts'
import { scopeKey } from '../../src/xds/scope.ts'
import type { Scope } from '../../src/xds/scope.ts'
import { fingerprint, gateway, parse, sidecar } from '../support/configuration.ts'

/** The proxies whose resources the properties speak about. */
export const scopes: readonly Scope[] = [gateway, sidecar('default', { app: 'a' }), sidecar('other')]

/** Runs of a property: few, so that the whole takes seconds; PROPERTY_RUNS=1000 looks harder. */
export const runs = { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 25) }

export type Edit =
  { readonly kind: 'set'; readonly manifest: Manifest } | { readonly kind: 'delete'; readonly key: string }

const names = ['a', 'b', 'c'] as const
const namespaces = ['default', 'other'] as const
const name = fc.constantFrom(...names)
const namespace = fc.constantFrom('default', 'default', 'other')
const externalHost = fc.constantFrom('x.example', 'y.example', '*.example')

const port = fc.constantFrom(
  { name: 'http', port: 80 },
  { name: 'http-alt', port: 8080 },
  { name: 'grpc', port: 9000 },
  { name: 'tcp', port: 9001 },
  { name: 'dns', port: 53, protocol: 'UDP' },
)
const ports = fc.uniqueArray(port, { selector: (each) => each.port, minLength: 1, maxLength: 3 })

const host = fc.oneof(
  { weight: 5, arbitrary: name },
  {
    weight: 1,
    arbitrary: fc.constantFrom('nowhere', 'a.other.svc.cluster.local', 'x.example', 'y.example', 'a.example'),
  },
)
const destination = fc.record(
  {
    host,
    subset: fc.constantFrom('v1', 'v2', 'v3'),
    port: fc.constantFrom({ number: 80 }, { number: 8080 }, { number: 53 }, { number: 9001 }),
  },
  { requiredKeys: ['host'] },
)

const percentage = fc.record({ value: fc.constantFrom(0, 0.0001, 0.57, 33.3333, 50, 99.9999, 100, 1, 10) })
const mirrors = fc.uniqueArray(fc.record({ destination, percentage }, { requiredKeys: ['destination'] }), {
  maxLength: 3,
  selector: (each) => JSON.stringify(each.destination),
})

const match = fc.record(
  {
    uri: fc.constantFrom({ prefix: '/a' }, { exact: '/b' }, { regex: '/c.*' }),
    headers: fc.constantFrom({ 'x-user': { exact: 'me' } }, { z: {}, a: { prefix: 'p' } }),
    sourceLabels: fc.constant({ app: 'a' }),
    sourceNamespace: fc.constant('other'),
    port: fc.constantFrom(80, 8080),
    gateways: fc.constantFrom(['mesh'], ['edge']),
  },
  { requiredKeys: [] },
)

const forwardRule = fc.record(
  {
    name: fc.constantFrom('one', 'two'),
    match: fc.array(match, { minLength: 1, maxLength: 2 }),
    route: fc.oneof(
      { weight: 3, arbitrary: destination.map((each) => [{ destination: each }]) },
      {
        weight: 1,
        arbitrary: fc.tuple(destination, destination).map(([x, y]) => [
          { destination: x, weight: 90 },
          { destination: y, weight: 10 },
        ]),
      },
    ),
    mirrors,
    timeout: fc.constantFrom('1s', '2500ms'),
    rewrite: fc.constantFrom({ uri: '/z' }, { authority: 'z' }),
  },
  { requiredKeys: ['route'] },
)

const otherRule = fc.record(
  {
    match: fc.array(match, { minLength: 1, maxLength: 2 }),
    redirect: fc.constant({ uri: '/moved' }),
  },
  { requiredKeys: ['redirect'] },
)

const rule = fc.oneof({ weight: 5, arbitrary: forwardRule }, { weight: 1, arbitrary: otherRule })

const annotations = fc.constantFrom(
  {},
  {},
  { 'shadowplane.io/mirror-clusters': 'dedicated' },
  { 'shadowplane.io/shadow-host': 'keep', 'shadowplane.io/mirror-max-requests': '7' },
)

const virtualService = fc
  .record(
    {
      hosts: fc.uniqueArray(
        fc.oneof(name, fc.constantFrom('x.example', '*.example', '*', 'unregistered.example')),
        { minLength: 1, maxLength: 2 },
      ),
      gateways: fc.constantFrom(['mesh'], ['edge'], ['mesh', 'edge'], ['default/edge']),
      exportTo: fc.constantFrom(['.'], ['*'], ['other']),
      http: fc.array(rule, { minLength: 1, maxLength: 3 }),
    },
    { requiredKeys: ['hosts', 'http'] },
  )
  // Refused, so that it may depend on what was there before: refused.test.ts has such objects.
  .filter(
    ({ hosts, gateways }) => !hosts.includes('*') || gateways?.every((each) => each !== 'mesh') === true,
  )

const trafficPolicy = fc.constantFrom(
  { connectionPool: { tcp: { maxConnections: 3 } } },
  { loadBalancer: { simple: 'RANDOM' } },
  { loadBalancer: { simple: 'PASSTHROUGH' } },
  { loadBalancer: { consistentHash: { httpHeaderName: 'x-user' } } },
  { outlierDetection: { consecutive5xxErrors: 5 } },
  { portLevelSettings: [{ port: { number: 80 }, connectionPool: { http: { http2MaxRequests: 9 } } }] },
)
const subset = fc
  .constantFrom('v1', 'v2')
  .chain((version) =>
    fc.record(
      { name: fc.constant(version), labels: fc.constant({ version }), trafficPolicy },
      { requiredKeys: ['name', 'labels'] },
    ),
  )
const destinationRule = fc.record(
  {
    host: fc
      .oneof(host, externalHost, fc.constantFrom('*.default.svc.cluster.local', '*'))
      .filter((each) => each !== 'nowhere'),
    trafficPolicy,
    subsets: fc.uniqueArray(subset, { selector: (each) => each.name, maxLength: 2 }),
    exportTo: fc.constantFrom(['.'], ['*']),
  },
  { requiredKeys: ['host'] },
)

const entryPort = fc.constantFrom(
  { number: 80, name: 'http', protocol: 'HTTP' },
  { number: 8080, name: 'alt', protocol: 'HTTP' },
  { number: 9000, name: 'grpc', protocol: 'GRPC' },
)
const serviceEntry = fc
  .record(
    {
      hosts: fc.uniqueArray(externalHost, { minLength: 1, maxLength: 2 }),
      ports: fc.uniqueArray(entryPort, { selector: (each) => each.number, minLength: 1, maxLength: 2 }),
      resolution: fc.constantFrom('STATIC', 'DNS', 'DNS_ROUND_ROBIN', 'NONE'),
      endpoints: fc.constantFrom(
        [{ address: '10.0.0.1', labels: { version: 'v1' } }],
        [{ address: '10.0.0.2', weight: 2 }, { address: '10.0.0.1' }],
      ),
      workloadSelector: fc.constant({ labels: { app: 'a' } }),
      exportTo: fc.constantFrom(['.'], ['*']),
    },
    { requiredKeys: ['hosts', 'ports', 'resolution'] },
  )
  .map(({ workloadSelector, endpoints, ...rest }) => {
    if (workloadSelector !== undefined) return { ...rest, workloadSelector }
    const isResolved = rest.resolution === 'DNS' || rest.resolution === 'DNS_ROUND_ROBIN'
    // Inputs that Istio rejects are not among the valid ones: endpoints of nothing, two where one is taken,
    // and a wildcard to be resolved.
    const listed =
      endpoints ??
      (isResolved && rest.hosts.some((each) => each.startsWith('*')) ? [{ address: '10.0.0.1' }] : undefined)
    if (listed === undefined || rest.resolution === 'NONE') return rest
    return { ...rest, endpoints: rest.resolution === 'DNS_ROUND_ROBIN' ? listed.slice(0, 1) : listed }
  })

const workloadEntry = fc.record({
  address: fc.constantFrom('10.1.0.1', '10.1.0.2'),
  labels: fc.constantFrom({ app: 'a' }, { app: 'a', version: 'v2' }, { app: 'b' }),
})

const kubernetesService = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record(
      { ports, selector: fc.constant({ app: 'a' }), clusterIP: fc.constantFrom('None', '10.9.0.1') },
      { requiredKeys: ['ports'] },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('ExternalName'),
      externalName: fc.constantFrom(
        'x.example',
        'b.default.svc.cluster.local',
        'c.default.svc.cluster.local',
      ),
    }),
  },
)

const addresses = fc.uniqueArray(fc.constantFrom('10.2.0.1', '10.2.0.2', '10.2.0.3'), { maxLength: 3 })
const slice = fc
  .record({ of: name, addresses, pod: name })
  .map(({ of, addresses: list, pod }): JsonObject => ({
    labels: { 'kubernetes.io/service-name': of },
    body: {
      addressType: 'IPv4',
      ports: [
        { name: 'http', port: 8000 },
        { name: 'http-alt', port: 8081 },
        { name: 'grpc', port: 9090 },
      ],
      endpoints: list.map((address) => ({ addresses: [address], targetRef: { kind: 'Pod', name: pod } })),
    },
  }))

const gatewaySpec = fc.record({
  selector: fc.constant({ istio: 'ingressgateway' }),
  servers: fc.array(
    fc.record({
      port: fc.constantFrom(
        { number: 80, name: 'http', protocol: 'HTTP' },
        { number: 8080, name: 'alt', protocol: 'HTTP' },
      ),
      hosts: fc.constantFrom(['*'], ['*.example'], ['./*'], ['other/*', 'x.example']),
    }),
    { minLength: 1, maxLength: 2 },
  ),
})

const egressHost = fc.constantFrom(
  '*/*',
  './*',
  'other/*',
  '~./a.default.svc.cluster.local',
  '*/b.default.svc.cluster.local',
  '~*/x.example',
  '*/*.example',
)
const sidecarSpec = fc.record(
  {
    workloadSelector: fc.constantFrom({ labels: { app: 'a' } }, { labels: { version: 'v1' } }),
    egress: fc
      .tuple(
        fc.array(
          fc.record({
            port: fc.constantFrom(
              { number: 80, protocol: 'HTTP', name: 'http' },
              { number: 8080, protocol: 'HTTP', name: 'alt' },
            ),
            hosts: fc.array(egressHost, { minLength: 1, maxLength: 2 }),
          }),
          { maxLength: 1 },
        ),
        fc.array(fc.record({ hosts: fc.array(egressHost, { minLength: 1, maxLength: 2 }) }), {
          maxLength: 1,
        }),
      )
      .map(([withPort, without]) => [...withPort, ...without]),
  },
  { requiredKeys: ['egress'] },
)

interface Shape {
  readonly apiVersion: string
  readonly kind: string
  readonly names?: readonly string[]
  readonly body: fc.Arbitrary<JsonObject>
}

const inSpec = (arbitrary: fc.Arbitrary<unknown>): fc.Arbitrary<JsonObject> =>
  arbitrary.map((value) => ({ body: { spec: value as JsonObject } }))
const annotated = (arbitrary: fc.Arbitrary<unknown>): fc.Arbitrary<JsonObject> =>
  fc
    .tuple(arbitrary, annotations)
    .map(([value, given]) => ({ annotations: given, body: { spec: value as JsonObject } }))

const shapes: readonly Shape[] = [
  { apiVersion: 'v1', kind: 'Service', body: inSpec(kubernetesService) },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    body: fc
      .constantFrom('v1', 'v2')
      .map((version) => ({ labels: { version, app: 'a' }, body: { status: { podIP: '10.2.0.1' } } })),
  },
  { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', body: slice },
  { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', body: annotated(virtualService) },
  { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', body: annotated(virtualService) },
  { apiVersion: 'networking.istio.io/v1', kind: 'DestinationRule', body: inSpec(destinationRule) },
  {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    names: ['edge', 'back'],
    body: inSpec(gatewaySpec),
  },
  { apiVersion: 'networking.istio.io/v1', kind: 'ServiceEntry', body: inSpec(serviceEntry) },
  { apiVersion: 'networking.istio.io/v1', kind: 'WorkloadEntry', body: inSpec(workloadEntry) },
  { apiVersion: 'networking.istio.io/v1', kind: 'Sidecar', body: inSpec(sidecarSpec) },
]

/** One object of the universe: few names, so that objects meet, and edits hit what is there. */
export const object: fc.Arbitrary<Manifest> = fc.oneof(
  ...shapes.map(({ apiVersion, kind, names: own = names, body }) =>
    fc.tuple(fc.constantFrom(...own), namespace, body).map(([called, within, content]) =>
      manifestOf({
        apiVersion,
        kind,
        metadata: {
          name: called,
          namespace: within,
          labels: content['labels'] ?? {},
          annotations: content['annotations'] ?? {},
        },
        ...(content['body'] as JsonObject),
      }),
    ),
  ),
)

export function manifestOf(json: JsonObject): Manifest {
  const [first] = parse(JSON.stringify(json))
  if (first === undefined) throw new Error('no object')
  return first.manifest
}

/** Always there, so that most generated objects meet something. */
export const groundwork: readonly Manifest[] = [
  ...names.flatMap((each) =>
    namespaces.map((within) =>
      manifestOf({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: each, namespace: within },
        spec: { ports: [{ name: 'http', port: 80 }], selector: { app: each } },
      }),
    ),
  ),
  manifestOf({
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: { name: 'edge' },
    spec: { servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }] },
  }),
]

/** Objects by key; of several with one key the last. */
export const configuration: fc.Arbitrary<ReadonlyMap<string, Manifest>> = fc
  .array(object, { maxLength: 14 })
  .map(
    (objects) => new Map([...groundwork, ...objects].map((manifest) => [objectKey(manifest.id), manifest])),
  )

export const edits: fc.Arbitrary<readonly Edit[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: object.map((manifest): Edit => ({ kind: 'set', manifest })) },
    {
      weight: 1,
      arbitrary: object.map((manifest): Edit => ({ kind: 'delete', key: objectKey(manifest.id) })),
    },
  ),
  { minLength: 1, maxLength: 12 },
)

/** A pipeline with these objects, and with every scope connected. */
export function pipelineOf(manifests: Iterable<Manifest>): Pipeline {
  const pipeline = createPipeline(defaultSettings)
  for (const scope of scopes) pipeline.connect(scopeKey(scope), scope)
  for (const manifest of manifests) pipeline.setManifest(objectKey(manifest.id), manifest)
  pipeline.flush()
  return pipeline
}

/** Type, name and version of every resource of every scope; a transform that failed is in it too. */
export function allResources(pipeline: Pipeline): readonly string[] {
  const failed = diagnosticsOf(pipeline)
    .filter((each) => each.code === 'internal/transform-failed')
    .map((each) => each.message)
  return [
    ...failed,
    ...scopes.flatMap((scope) =>
      fingerprint(pipeline, scope).map((each) => `${scope.role} ${scope.namespace} ${each}`),
    ),
  ]
}

export function applyEdit(pipeline: Pipeline, manifests: Map<string, Manifest>, edit: Edit): void {
  if (edit.kind === 'set') {
    const key = objectKey(edit.manifest.id)
    manifests.set(key, edit.manifest)
    pipeline.setManifest(key, edit.manifest)
  } else {
    manifests.delete(edit.key)
    pipeline.deleteManifest(edit.key)
  }
}

/** The same object with a mistake for which it is refused. */
export function broken(manifest: Manifest): Manifest {
  const { kind } = manifest.id
  const spec = manifest.object['spec'] as JsonObject | undefined
  if (kind === 'EndpointSlice') return manifestOf({ ...manifest.object, endpoints: 'none' })
  return manifestOf({
    ...manifest.object,
    spec: kind === 'Service' ? { ...spec, ports: 'none' } : { ...spec, mistake: true },
  })
}
