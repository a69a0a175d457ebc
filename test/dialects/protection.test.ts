import { describe, expect, test } from 'vitest'
import { configure } from '../support/configuration.ts'

/** A Service with Pods, an Istio Gateway and a Gateway with an HTTPRoute, all in namespace shop. */
const served =
  `
apiVersion: v1
kind: Service
metadata: {name: pay, namespace: shop, labels: {tier: web}}
spec: {selector: {app: pay}, ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, ` +
  `hosts: ["*"]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: web, namespace: shop}
spec: {gatewayClassName: any, listeners: [{name: http, protocol: HTTP, port: 8080}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: pay, namespace: shop, labels: {tier: web}}
spec: {parentRefs: [{name: web}], rules: [{backendRefs: [{name: pay, port: 80}]}]}
`

const istio = {
  AuthorizationPolicy: 'security.istio.io/v1 AuthorizationPolicy',
  RequestAuthentication: 'security.istio.io/v1 RequestAuthentication',
  PeerAuthentication: 'security.istio.io/v1beta1 PeerAuthentication',
  EnvoyFilter: 'networking.istio.io/v1alpha3 EnvoyFilter',
  WasmPlugin: 'extensions.istio.io/v1alpha1 WasmPlugin',
}

/** `<apiVersion> <kind>` with a spec. */
function policy(of: string, spec: string, namespace = 'shop'): string {
  return (
    `---\napiVersion: ${of.replace(' ', '\nkind: ')}\nmetadata: {name: p, namespace: ` +
    `${namespace}}\nspec: ${spec}\n`
  )
}

/** The findings about the policy, without their place. */
function found(text: string): readonly string[] {
  return configure(served + text)
    .found.filter((each) => /unprotected|unclaimed/.test(each))
    .map((each) => each.replace(/^\S+ /, ''))
}

describe('Istio: an error that names what is served without the policy', () => {
  test.each([
    [
      'AuthorizationPolicy',
      '{selector: {matchLabels: {app: pay}}, action: DENY, rules: [{}]}',
      'AuthorizationPolicy is not supported: requests to Service shop/pay are served without it',
    ],
    [
      'AuthorizationPolicy',
      '{}',
      'AuthorizationPolicy is not supported: requests to Gateway shop/edge, Gateway shop/web and Service ' +
        'shop/pay are served without it',
    ],
    [
      'AuthorizationPolicy',
      '{selector: {matchLabels: {istio: ingressgateway}}, action: CUSTOM, provider: {name: a}, rules: [{}]}',
      'AuthorizationPolicy is not supported: requests to Gateway shop/edge are served without it',
    ],
    [
      'AuthorizationPolicy',
      '{targetRefs: [{kind: Gateway, group: gateway.networking.k8s.io, name: web}], rules: [{to: ' +
        '[{operation: {paths: [/]}}]}]}',
      'AuthorizationPolicy is not supported: requests to Gateway shop/web are served without it',
    ],
    [
      'RequestAuthentication',
      '{selector: {matchLabels: {app: pay}}, jwtRules: [{issuer: a}]}',
      'RequestAuthentication is not supported: requests to Service shop/pay are served without it',
    ],
    [
      'PeerAuthentication',
      '{selector: {matchLabels: {app: pay}}, mtls: {mode: STRICT}}',
      'mutual TLS of clients is not enforced: requests to Service shop/pay are served without it',
    ],
    [
      'PeerAuthentication',
      '{selector: {matchLabels: {app: pay}}, mtls: {mode: PERMISSIVE}, portLevelMtls: {80: {mode: STRICT}}}',
      'mutual TLS of clients is not enforced: requests to Service shop/pay are served without it',
    ],
    [
      'EnvoyFilter',
      '{workloadSelector: {labels: {app: pay}}, configPatches: [{applyTo: HTTP_FILTER, patch: {operation: ' +
        'INSERT_BEFORE}}]}',
      'EnvoyFilter is not supported, whatever filter it adds: requests to Service shop/pay are served ' +
        'without it',
    ],
    [
      'WasmPlugin',
      '{selector: {matchLabels: {app: pay}}, url: oci://a, phase: AUTHN}',
      'WasmPlugin is not supported: requests to Service shop/pay are served without it',
    ],
  ] as const)('%s %s', (kind, spec, message) => {
    expect(found(policy(istio[kind], spec))).toEqual([`route/unprotected ${message}`])
  })

  test('in the root namespace: for every namespace', () => {
    expect(
      found(policy(istio.AuthorizationPolicy, '{selector: {matchLabels: {app: pay}}}', 'istio-system')),
    ).toEqual([
      'route/unprotected AuthorizationPolicy is not supported: requests to Service shop/pay are served ' +
        'without it',
    ])
  })

  test.each([
    ['AuthorizationPolicy', '{action: AUDIT, rules: [{}]}'],
    ['AuthorizationPolicy', '{action: DENY}'],
    ['AuthorizationPolicy', '{rules: [{}]}'],
    ['AuthorizationPolicy', '{selector: {matchLabels: {app: other}}}'],
    [
      'AuthorizationPolicy',
      '{targetRefs: [{kind: Gateway, group: gateway.networking.k8s.io, name: absent}]}',
    ],
    ['RequestAuthentication', '{}'],
    ['PeerAuthentication', '{mtls: {mode: PERMISSIVE}}'],
    ['PeerAuthentication', '{mtls: {mode: DISABLE}}'],
    ['EnvoyFilter', '{configPatches: []}'],
  ] as const)('a note, as it refuses no request that is served: %s %s', (kind, spec) => {
    expect(found(policy(istio[kind], spec, spec.includes('other') ? 'elsewhere' : 'shop'))).toEqual([
      expect.stringMatching(/^manifest\/unclaimed-kind /),
    ])
  })
})

describe('policies for the Gateway API', () => {
  const route = 'targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: pay}]'

  test.each([
    ['gateway.envoyproxy.io/v1alpha1 SecurityPolicy', `{${route}, jwt: {providers: []}}`, 'jwt'],
    [
      'gateway.envoyproxy.io/v1alpha1 SecurityPolicy',
      '{targetSelectors: [{group: gateway.networking.k8s.io, kind: HTTPRoute, matchLabels: {tier: web}}], ' +
        'basicAuth: {users: {name: a}}}',
      'basicAuth',
    ],
    [
      'gateway.kgateway.dev/v1alpha1 TrafficPolicy',
      `{${route}, extAuth: {extensionRef: {name: a}}}`,
      'extAuth',
    ],
    ['gateway.solo.io/v1 HttpListenerOption', `{${route}, options: {waf: {ruleSets: []}}}`, 'waf'],
    [
      'kuadrant.io/v1 AuthPolicy',
      '{targetRef: {group: gateway.networking.k8s.io, kind: HTTPRoute, name: pay}}',
      'AuthPolicy',
    ],
    ['policies.example.com/v1 EdgePolicy', `{${route}, oidcLogin: {}}`, 'oidcLogin'],
  ])('%s %s: an error at what protects', (kind, spec, field) => {
    expect(found(policy(kind, spec))).toEqual([
      `route/unprotected ${field} is not supported: requests to HTTPRoute shop/pay are served without it`,
    ])
  })

  test("for a Gateway's clients", () => {
    const spec =
      '{targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: web}], tls: ' +
      '{clientValidation: {caCertificateRefs: [{name: ca}]}}}'
    expect(found(policy('gateway.envoyproxy.io/v1alpha1 ClientTrafficPolicy', spec))).toEqual([
      'route/unprotected tls.clientValidation is not supported: requests to Gateway shop/web are served ' +
        'without it',
    ])
  })

  test('an AuthConfig does not say what refers to it', () => {
    expect(found(policy('enterprise.gloo.solo.io/v1 AuthConfig', '{configs: [{basicAuth: {}}]}'))).toEqual([
      'route/unprotected AuthConfig is not supported: requests are served without it',
    ])
  })

  test.each([
    ['gateway.envoyproxy.io/v1alpha1 SecurityPolicy', `{${route}, cors: {allowOrigins: ["*"]}}`],
    [
      'gateway.kgateway.dev/v1alpha1 TrafficPolicy',
      `{${route}, extAuth: {disable: {}}, retry: {attempts: 1}}`,
    ],
    [
      'gateway.kgateway.dev/v1alpha1 TrafficPolicy',
      '{targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: absent}], jwt: {}}',
    ],
    ['policies.example.com/v1 RetryPolicy', `{${route}, retries: 3}`],
  ])('a note, as it refuses no request that is served: %s %s', (kind, spec) => {
    expect(found(policy(kind, spec))).toEqual([expect.stringMatching(/^manifest\/unclaimed-kind /)])
  })
})

test('the error comes and goes with what is served', () => {
  const alone = policy('security.istio.io/v1 AuthorizationPolicy', '{}')
  expect(configure(alone.replace('---\n', '')).found).toEqual([
    '2:7 manifest/unclaimed-kind AuthorizationPolicy is not supported, and it applies to nothing that is ' +
      'served',
  ])
})
