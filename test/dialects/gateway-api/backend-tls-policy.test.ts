import { describe, expect, test } from 'vitest'
import { configure, gateway, sidecar } from '../../support/configuration.ts'
import type { Cluster } from '../../support/configuration.ts'
import type { Scope } from '../../../src/xds/scope.ts'

const around =
  `
apiVersion: v1
kind: Service
metadata: {name: secure}
spec: {ports: [{name: web, port: 80}, {name: admin, port: 81}]}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec:
  parentRefs: [{group: "", kind: Service, name: shop}]
  rules: [{backendRefs: [{name: secure, port: 80}], filters: [{type: RequestMirror, requestMirror: ` +
  `{backendRef: {name: secure, port: 80}}}]}]
`

const [web, admin] = [
  'outbound|80||secure.default.svc.cluster.local',
  'outbound|81||secure.default.svc.cluster.local',
] as const

const system = 'hostname: secure.example, wellKnownCACertificates: System'

function policy(name: string, target: string, validation = system): string {
  return (
    `---\napiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: {name: ` +
    `${name}}\nspec:\n  targetRefs: [{group: "", kind: Service, ${target}}]\n  validation: {${validation}}\n`
  )
}

/**
 * Server name of each cluster of a Service; `plain` without TLS. That of its mirrors must be as that of its
 * port 80.
 */
function serverNames(text: string, scope: Scope): Readonly<Record<string, string>> {
  const clusters = [...configure(around + text).resources(scope, 'cluster')].filter(([name]) =>
    name.includes('secure'),
  )
  const { [web.replace('outbound', 'mirror')]: mirrored, ...names } = namesOf(clusters)
  if (mirrored !== undefined) expect(mirrored).toBe(names[web])
  return names
}

function namesOf(clusters: readonly (readonly [string, unknown])[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    clusters.map(([name, each]) => [
      name,
      /"sni":"([^"]+)"/.exec(JSON.stringify((each as Cluster).transport_socket ?? {}))?.[1] ?? 'plain',
    ]),
  )
}

describe.each([
  ['gateway', gateway],
  ['sidecar', sidecar()],
])('a %s', (_, scope) => {
  test('all ports of the target, or the one that sectionName names', () => {
    expect(serverNames(policy('a', 'name: secure'), scope)).toEqual({
      [web]: 'secure.example',
      [admin]: 'secure.example',
    })
    expect(serverNames(policy('a', 'name: secure, sectionName: web'), scope)).toEqual({
      [web]: 'secure.example',
      [admin]: 'plain',
    })
  })

  test('a policy for the port wins over one for all; of two alike, the first by name', () => {
    const named = (host: string): string => system.replace('secure.example', host)
    const text =
      policy('a', 'name: secure', named('a.example')) +
      policy('c', 'name: secure, sectionName: web', named('c.example')) +
      policy('b', 'name: secure, sectionName: web', named('b.example'))
    expect(serverNames(text, scope)).toEqual({ [web]: 'b.example', [admin]: 'a.example' })
  })

  test.each([
    [
      'authorities in a ConfigMap',
      'hostname: secure.example, caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}]',
    ],
    [
      'several authorities',
      'hostname: secure.example, caCertificateRefs: [{group: "", kind: Secret, name: a}, {group: "", ' +
        'kind: Secret, name: b}]',
    ],
    ['an unknown set of authorities', 'hostname: secure.example, wellKnownCACertificates: example.com/mine'],
    ['a mistake in the policy', 'hostnam: secure.example, wellKnownCACertificates: System'],
  ])('no cluster with %s', (_case, validation) => {
    expect(serverNames(policy('a', 'name: secure, sectionName: web', validation), scope)).toEqual({
      [admin]: 'plain',
    })
  })
})

test('gRPC clients without a proxy get no cluster', () => {
  expect(serverNames(policy('a', 'name: secure, sectionName: web'), { ...sidecar(), role: 'grpc' })).toEqual({
    [admin]: 'plain',
  })
})

test('the route and the mirror say why they are not served', () => {
  const { found } = configure(
    around +
      policy(
        'a',
        'name: secure',
        'hostname: secure.example, caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}]',
      ),
  )
  expect(found.filter((each) => /unusable/.test(each))).toEqual([
    '17:26 tls/unusable-policy BackendTLSPolicy default/a demands TLS to secure.default.svc.cluster.local ' +
      'that cannot be had here, and nothing is sent there in plain text: requests for it are answered ' +
      'with 500',
    '17:101 tls/unusable-policy BackendTLSPolicy default/a demands TLS to ' +
      'secure.default.svc.cluster.local that cannot be had here, and nothing is sent there in plain text: ' +
      'nothing is mirrored there, the route is served without it',
    '24:80 tls/unusable-policy authorities in a ConfigMap are not supported: requests to the targets are ' +
      'answered with an error, mirrors to them are dropped',
  ])
})

test.each([
  ['v1alpha2', 'name: secure', 'tls/unusable-policy'],
  ['v1', 'name: absent', 'policy/unknown-host'],
  ['v1', 'kind: ServiceEntry, name: absent', 'policy/unknown-host'],
  ['v1', 'kind: Backend, name: secure', 'reference/invalid-kind'],
])('%s %s: %s', (version, target, code) => {
  const text = policy('a', target)
    .replace('k8s.io/v1\n', `k8s.io/${version}\n`)
    .replace('kind: Service, kind:', 'kind:')
  expect(configure(around + text).found).toContainEqual(expect.stringContaining(` ${code} `))
})

const entry =
  `---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: outside}
spec: {hosts: [Outside.example], resolution: STATIC, ports: [{number: 80, name: web, protocol: HTTP}, ` +
  `{number: 81, name: admin, protocol: HTTP}], endpoints: [{address: 10.1.1.1}]}
`

const ownTls = (host: string): string => `---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: own}
spec: {host: ${host}, trafficPolicy: {tls: {mode: SIMPLE, sni: own.example}}}
`

const upstream = `---
apiVersion: gloo.solo.io/v1
kind: Upstream
metadata: {name: outside}
spec: {static: {hosts: [{addr: 10.1.1.1, port: 80}]}}
`

function outsideNames(text: string, scope: Scope): Readonly<Record<string, string>> {
  return namesOf(
    [...configure(around + text).resources(scope, 'cluster')].filter(([name]) => name.includes('utside')),
  )
}

const entryTarget = 'kind: ServiceEntry, name: outside'
const noKind = (text: string): string => text.replace('kind: Service, kind:', 'kind:')
const [entryWeb, entryAdmin] = ['outbound|80||outside.example', 'outbound|81||outside.example'] as const

describe.each([
  ['gateway', gateway],
  ['sidecar', sidecar()],
])('a target of a %s that is no Service', (_, scope) => {
  test('a ServiceEntry has no cluster in plain text', () => {
    expect(outsideNames(entry, scope)).toEqual({ [entryWeb]: 'plain', [entryAdmin]: 'plain' })
    expect(outsideNames(entry + noKind(policy('a', entryTarget)), scope)).toEqual({})
    expect(outsideNames(entry + noKind(policy('a', `${entryTarget}, sectionName: web`)), scope)).toEqual({
      [entryAdmin]: 'plain',
    })
  })

  test('its own TLS is enough', () => {
    expect(outsideNames(entry + ownTls('outside.example') + noKind(policy('a', entryTarget)), scope)).toEqual(
      { [entryWeb]: 'own.example', [entryAdmin]: 'own.example' },
    )
  })

  test('the same host of a ServiceEntry in another namespace is not concerned', () => {
    const another = entry.replace('name: outside', 'name: outside, namespace: elsewhere')
    expect(outsideNames(another + noKind(policy('a', entryTarget)), scope)).toEqual({
      [entryWeb]: 'plain',
      [entryAdmin]: 'plain',
    })
  })

  test.each(['v1alpha2', 'v1beta1'])('nor has a Service of a policy in %s', (version) => {
    const old = policy('a', 'name: secure, sectionName: web').replace('k8s.io/v1\n', `k8s.io/${version}\n`)
    const single = old.replace('targetRefs: [', 'targetRef: ').replace('web}]', 'web}')
    expect([serverNames(old, scope), serverNames(single, scope)]).toEqual([
      { [admin]: 'plain' },
      { [admin]: 'plain' },
    ])
    expect(serverNames(old + ownTls('secure'), scope)).toEqual({
      [web]: 'own.example',
      [admin]: 'own.example',
    })
  })
})

test('an object of another dialect has no cluster in plain text', () => {
  const routed =
    `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: outside}
spec:
  parentRefs: [{group: "", kind: Service, name: shop}]
  rules: [{matches: [{path: {value: /outside}}], backendRefs: [{group: gloo.solo.io, kind: Upstream, ` +
    `name: outside}]}]
`
  const target = policy('a', 'kind: Upstream, name: outside').replace(
    'group: "", kind: Service, kind:',
    'group: gloo.solo.io, kind:',
  )
  expect(Object.values(outsideNames(upstream + routed, sidecar()))).toEqual(['plain'])
  expect(outsideNames(upstream + routed + target, sidecar())).toEqual({})
  expect(
    configure(around + upstream + routed + target).found.filter((each) => /unusable/.test(each)),
  ).toHaveLength(2)
})
