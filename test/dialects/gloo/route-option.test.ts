import { expect, test } from 'vitest'
import { configure, gateway } from '../../support/configuration.ts'
import { backends, indented, object } from './text.ts'

const around = `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: c}
spec: {controllerName: shadowplane.io/gateway-controller}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: g, namespace: gloo-system}
spec: {gatewayClassName: c, listeners: [{name: http, port: 80, protocol: HTTP}]}
${backends}`

function httpRoute(rule: string): string {
  return `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: gloo-system}
spec:
  parentRefs: [{name: g}]
  rules:
  - backendRefs: [{group: gloo.solo.io, kind: Upstream, name: shop}]
${indented(rule, 4)}
`
}

function filters(...names: readonly string[]): string {
  return `filters: [${names.map((name) => `{type: ExtensionRef, extensionRef: {group: gateway.solo.io, kind: RouteOption, name: ${name}}}`).join(', ')}]`
}

function option(name: string, fields: string, more = ''): string {
  return object('RouteOption', name, `options: {${fields}}\n${more}`).replace(
    'metadata: {',
    `metadata: {creationTimestamp: "2024-01-0${name.length}T00:00:00Z", `,
  )
}

const targets = 'targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r}]'

function shadowed(percentage: number): string {
  return `shadowing: {upstream: {name: shadow}, percentage: ${percentage}}`
}

function served(text: string) {
  const { routes, found } = configure(`${around}${text}`)
  return {
    routes: routes({ ...gateway, namespace: 'gloo-system' }).map(({ route }) => [
      route?.cluster,
      route?.timeout,
      ...(route?.request_mirror_policies ?? []).map(
        (each) => `${each.cluster} ${each.runtime_fraction?.default_value?.numerator}`,
      ),
    ]),
    found,
  }
}

test('named by a rule counts for the rule', () => {
  expect(served(`${httpRoute(filters('a'))}${option('a', `${shadowed(10)}, timeout: 3s`)}`)).toEqual({
    routes: [['shop_gloo-system', '3s', 'shadow_gloo-system 100000']],
    found: [],
  })
})

test('that names an HTTPRoute counts for it', () => {
  expect(served(`${httpRoute('name: one')}${option('a', shadowed(10), targets)}`)).toEqual({
    routes: [['shop_gloo-system', '0s', 'shadow_gloo-system 100000']],
    found: [],
  })
})

test(
  'named by a rule counts before one that names the route, and of these the oldest: option by option, ' +
    'with one mirror',
  () => {
    const text = `${httpRoute(filters('a'))}${option('a', shadowed(10))}${option('older'.slice(0, 2), 'timeout: 2s', targets)}${option('newer', `${shadowed(30)}, timeout: 5s`, targets)}`
    expect(served(text)).toEqual({
      routes: [['shop_gloo-system', '2s', 'shadow_gloo-system 100000']],
      found: [],
    })
  },
)

test('of several in a rule, the first counts', () => {
  expect(
    served(`${httpRoute(filters('bb', 'a'))}${option('a', shadowed(10))}${option('bb', shadowed(20))}`)
      .routes,
  ).toEqual([['shop_gloo-system', '0s', 'shadow_gloo-system 200000']])
})

test('with percentage 0 takes away what a later one mirrors', () => {
  expect(
    served(`${httpRoute(filters('a'))}${option('a', shadowed(0))}${option('bb', shadowed(30), targets)}`),
  ).toEqual({ routes: [['shop_gloo-system', '0s']], found: [] })
})

test('gives way to the timeout of the HTTPRoute', () => {
  expect(
    served(
      `${httpRoute(`${filters('a')}\ntimeouts: {request: 1s}`)}${option('a', `${shadowed(10)}, timeout: 3s`)}`,
    ).routes,
  ).toEqual([['shop_gloo-system', '1s', 'shadow_gloo-system 100000']])
})

test('that names an HTTPRoute which does not exist is said to mirror nothing', () => {
  expect(
    served(`${httpRoute('name: one')}${option('a', shadowed(10), targets.replace('name: r', 'name: q'))}`)
      .found,
  ).toEqual([
    expect.stringContaining(
      'mirror/attached-to-nothing no route is there for it (object ' +
        'gateway.networking.k8s.io/HTTPRoute/gloo-system/q), so nothing is mirrored',
    ),
  ])
})
