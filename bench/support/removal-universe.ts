/** Objects that come and go in the random removals: each place holds one of its variants, or nothing. */
import fc from 'fast-check'
import { stringify } from 'yaml'
import { objectKey } from '../../src/diagnostics/diagnostic.ts'
import type { Manifest } from '../../src/manifest/manifest.ts'
import { parseManifests } from '../../src/manifest/yaml.ts'

type Document = Readonly<Record<string, unknown>>

/** Variants of one object, all with the same kind and name. */
type Variants = readonly Document[]

/** `manifest` undefined: the object is removed. */
export interface ObjectChange {
  /** The object's key. */
  readonly key: string
  readonly manifest: Manifest | undefined
}

export interface RemovalStep {
  readonly changes: readonly ObjectChange[]
  /**
   * `idle`: the next step comes when all proxies have what they should; `at once`: while they are still being
   * sent this one.
   */
  readonly next: 'idle' | 'at once'
}

/** Listener ports of the gateways. */
export const removalPorts = [80, 81, 82, 83, 84] as const
export const removalHosts = ['a.test', 'b.test', 'x.one.test', 'y.two.test', 'other.example'] as const
export const removalPaths = ['/', '/part/of'] as const

const istio = (kind: string, name: string, spec: Document): Document => ({
  apiVersion: 'networking.istio.io/v1',
  kind,
  metadata: { name, namespace: 'default' },
  spec,
})
const gatewayApi = (kind: string, name: string, spec: Document): Document => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind,
  metadata: { name, namespace: 'default' },
  spec,
})

const server = (number: number, host: string): Document => ({
  port: { number, name: `http-${number}`, protocol: 'HTTP' },
  hosts: [host],
})
const gateway = (name: string, ...servers: readonly Document[]): Document =>
  istio('Gateway', name, { servers })
const listener = (port: number, hostname?: string): Document => ({
  name: `on-${port}`,
  port,
  protocol: 'HTTP',
  ...(hostname === undefined ? {} : { hostname }),
})

/** Which variants a VirtualService may have: each answers with a status of its own, or by a backend. */
function virtualService(name: string, first: number): Variants {
  const to = (host: string): Document => ({ route: [{ destination: { host, port: { number: 80 } } }] })
  const actions: readonly Document[] = [
    { directResponse: { status: first } },
    { match: [{ uri: { prefix: '/part' } }], directResponse: { status: first + 1 } },
    {
      ...to('web'),
      mirrors: [{ destination: { host: 'copy', port: { number: 80 } }, percentage: { value: 100 } }],
    },
    to('extra'),
    { redirect: { authority: `${name}.elsewhere` } },
  ]
  const attached = [['one'], ['two'], ['one', 'two']]
  const hosts = [['a.test'], ['b.test'], ['a.test', 'b.test'], ['*.one.test'], ['y.two.test'], ['*']]
  return actions.flatMap((action) =>
    hosts.flatMap((each) =>
      attached.map((gateways) => istio('VirtualService', name, { hosts: each, gateways, http: [action] })),
    ),
  )
}

function httpRoute(name: string, port: number): Variants {
  const rules: readonly Document[] = [
    { backendRefs: [{ name: 'web', port: 80 }] },
    {
      backendRefs: [{ name: 'extra', port: 80 }],
      filters: [{ type: 'RequestMirror', requestMirror: { backendRef: { name: 'copy', port: 80 } } }],
    },
    { filters: [{ type: 'RequestRedirect', requestRedirect: { hostname: `${name}.elsewhere`, port } }] },
  ]
  const hostnames = [undefined, ['a.test'], ['b.test', 'x.one.test'], ['*.test']]
  const parents = [
    [{ name: 'three' }],
    [{ name: 'three', sectionName: 'on-83' }],
    [{ name: 'three', sectionName: 'on-84' }],
  ]
  return rules.flatMap((rule) =>
    hostnames.flatMap((each) =>
      parents.map((parentRefs) =>
        gatewayApi('HTTPRoute', name, {
          parentRefs,
          rules: [rule],
          ...(each === undefined ? {} : { hostnames: each }),
        }),
      ),
    ),
  )
}

/** Listeners, which are mostly there: without one there is nothing to ask. */
const gateways: readonly Variants[] = [
  [
    gateway('one', server(80, '*')),
    gateway('one', server(80, '*'), server(81, '*')),
    gateway('one', server(80, '*'), server(81, '*.one.test')),
    gateway('one', server(80, 'a.test'), server(81, '*')),
  ],
  [
    gateway('two', server(82, '*')),
    gateway('two', server(81, '*.two.test'), server(82, '*')),
    gateway('two', server(82, '*.test')),
  ],
  [
    [listener(83)],
    [listener(83), listener(84)],
    [listener(83, '*.test'), listener(84)],
    [listener(84, 'a.test')],
  ].map((listeners) => gatewayApi('Gateway', 'three', { gatewayClassName: 'shadowplane', listeners })),
]

/** Everything else that comes and goes. */
const places: readonly Variants[] = [
  ...[210, 220, 230, 240].map((status, index) => virtualService(`service-${index}`, status)),
  ...[9001, 9002, 9003].map((port, index) => httpRoute(`route-${index}`, port)),
  [service('extra')],
]

function service(name: string): Document {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { ports: [{ name: 'http', port: 80 }] },
  }
}

function slice(name: string, port: number): Document {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port }],
    endpoints: [{ addresses: ['127.0.0.1'] }],
  }
}

/** The objects that always exist: services and their endpoints, whose ports are on 127.0.0.1. */
export function removalGroundwork(ports: {
  readonly web: number
  readonly copy: number
  readonly extra: number
}): readonly Manifest[] {
  return manifestsOf([
    service('web'),
    service('copy'),
    slice('web', ports.web),
    slice('copy', ports.copy),
    slice('extra', ports.extra),
  ])
}

function manifestsOf(documents: readonly Document[]): readonly Manifest[] {
  const { manifests, diagnostics } = parseManifests(
    'removals.yaml',
    documents.map((document) => stringify(document)).join('---\n'),
  )
  if (diagnostics.length > 0) throw new Error(diagnostics.map(({ message }) => message).join('\n'))
  return manifests.map(({ manifest }) => manifest)
}

/** Sets one of the objects to one of its variants, or removes it: `kept` changes of each removal. */
function changesOf(objects: readonly Variants[], kept: number): fc.Arbitrary<ObjectChange> {
  return fc.constantFrom(...objects.map(manifestsOf)).chain((variants) => {
    const key = variants[0] === undefined ? '' : objectKey(variants[0].id)
    return fc
      .oneof(
        { weight: 1, arbitrary: fc.constant(undefined) },
        { weight: kept, arbitrary: fc.constantFrom(...variants) },
      )
      .map((manifest) => ({ key, manifest }))
  })
}

const change = fc.oneof(
  { weight: 1, arbitrary: changesOf(gateways, 4) },
  { weight: 3, arbitrary: changesOf(places, 2) },
)

/** Some changes remove what does not exist. */
export const removalStep: fc.Arbitrary<RemovalStep> = fc.record({
  changes: fc.array(change, { minLength: 1, maxLength: 3 }),
  next: fc.constantFrom('idle', 'idle', 'at once'),
})
