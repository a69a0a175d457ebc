import { describe, expect, test } from 'vitest'
import { translateFirst } from '../support/configuration.ts'

/** `code; hint` of each finding. */
function found(apiVersion: string, kind: string): readonly string[] {
  const { diagnostics } = translateFirst(
    `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: a}\nspec: {}\n`,
  )
  return diagnostics.map(({ code, hint }) => `${code}; ${hint ?? ''}`)
}

test.each([
  [
    'gateway.networking.k8s.io/v1alpha2',
    'HTTPRoute',
    'gateway.networking.k8s.io/v1 or gateway.networking.k8s.io/v1beta1',
  ],
  [
    'gateway.networking.k8s.io/v1beta1',
    'GRPCRoute',
    'gateway.networking.k8s.io/v1 or gateway.networking.k8s.io/v1alpha2',
  ],
  ['gateway.solo.io/v1alpha1', 'RouteOption', 'gateway.solo.io/v1'],
  [
    'networking.istio.io/v2',
    'VirtualService',
    'networking.istio.io/v1 or networking.istio.io/v1beta1 or networking.istio.io/v1alpha3',
  ],
  ['v2', 'Service', 'v1'],
])('a version that is not read: %s %s', (apiVersion, kind, versions) => {
  expect(found(apiVersion, kind)).toEqual([`manifest/unknown-version; write apiVersion: ${versions}`])
})

test.each([
  ['networking.istio.io/v1', 'virtualservice', 'kind: VirtualService'],
  ['networking.istio.io/v1', 'VirtualServices', 'kind: VirtualService'],
  ['networking.istio.io/v1', 'DestinatonRule', 'kind: DestinationRule'],
  ['gateway.networking.k8s.io/v1', 'HttpRoute', 'kind: HTTPRoute'],
  ['getambassador.io/v2', 'AmbassadorMapping', 'kind: Mapping'],
  [
    'x.getambassador.io/v3alpha1',
    'AmbassadorMapping',
    'apiVersion: getambassador.io/v3alpha1, kind: Mapping',
  ],
  ['networking.istio.com/v1', 'VirtualService', 'apiVersion: networking.istio.io/v1'],
  ['v1', 'Mapping', 'apiVersion: getambassador.io/v3alpha1'],
  ['v1', 'service', 'kind: Service'],
])('a kind that is none: %s %s', (apiVersion, kind, meant) => {
  expect(found(apiVersion, kind)).toEqual([`manifest/unknown-kind; did you mean ${meant}?`])
})

test.each([
  ['apps/v1', 'Deployment'],
  ['v1', 'ConfigMap'],
  ['v1', 'ServiceAccount'],
  ['v1', 'Endpoints'],
  ['v1', 'Event'],
  ['batch/v1', 'Job'],
  ['gateway.networking.k8s.io/v1alpha2', 'TCPRoute'],
  ['gateway.networking.k8s.io/v1alpha2', 'TLSRoute'],
  ['gateway.networking.k8s.io/v1alpha2', 'UDPRoute'],
  ['networking.istio.io/v1beta1', 'ProxyConfig'],
  ['gateway.solo.io/v1', 'MatchableHttpGateway'],
  ['gloo.solo.io/v1', 'Settings'],
  ['gloo.solo.io/v1', 'Proxy'],
  ['serving.knative.dev/v1', 'Service'],
  ['networking.k8s.io/v1', 'Ingress'],
  ['gateway.envoyproxy.io/v1alpha1', 'BackendTrafficPolicy'],
  ['gateway.kgateway.dev/v1alpha1', 'Backend'],
  ['getambassador.io/v3alpha1', 'Filter'],
  ['traefik.io/v1alpha1', 'Middleware'],
  ['rbac.authorization.k8s.io/v1', 'Role'],
])('a note for a kind of its own: %s %s', (apiVersion, kind) => {
  expect(found(apiVersion, kind)).toEqual(['manifest/unclaimed-kind; '])
})

describe('Emissary', () => {
  test('getambassador.io/v1 is read as v2', () => {
    const { diagnostics, routeTables } = translateFirst(
      'apiVersion: getambassador.io/v1\nkind: Mapping\nmetadata: {name: a}\nspec: {prefix: /a/, service: ' +
        'a}\n',
    )
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
    expect(routeTables).toHaveLength(1)
  })

  test.each([
    ['v1', 'Service'],
    ['networking.k8s.io/v1', 'Ingress'],
    ['getambassador.io/v2', 'Mapping'],
    ['apps/v1', 'Deployment'],
  ])('getambassador.io/config on %s %s', (apiVersion, kind) => {
    const held = ['a', 'b', 'c', 'd']
      .map(
        (name) =>
          `      ---\n      apiVersion: ambassador/v1\n      kind: Mapping\n      name: ${name}\n      ` +
          `prefix: /\n      service: a\n`,
      )
      .join('')
    const text =
      `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata:\n  name: a\n  annotations:\n    ` +
      `getambassador.io/config: |\n${held}spec: {}\n`
    expect(translateFirst(text).found).toContain(
      '6:5 annotation/unread the annotation getambassador.io/config is not read, so what it holds is not ' +
        'served: Mapping a, Mapping b, Mapping c and 1 more',
    )
  })

  test('broken text in it is not served either', () => {
    const text =
      'apiVersion: v1\nkind: Service\nmetadata: {name: a, annotations: {getambassador.io/config: "kind: ' +
      '[Mapping"}}\nspec: {ports: [{port: 80}]}\n'
    expect(translateFirst(text).found).toEqual([
      expect.stringMatching(/^3:\d+ annotation\/unread .* is not read, so what it holds is not served$/),
    ])
  })
})
