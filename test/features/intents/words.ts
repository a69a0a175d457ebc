/** Each dialect's words around an intent. Lists are written in YAML's flow or block style, unindented. */

function indented(text: string, spaces: number): string {
  return text.trim().replaceAll('\n', `\n${' '.repeat(spaces)}`)
}

export interface IstioOptions {
  readonly annotations?: string
  /** Objects beside the route. */
  readonly beside?: string
}

/** A Gateway on port 80, and a VirtualService `shop` for `shop.example` with these rules. */
export function istio(rules: string, { annotations = '{}', beside }: IstioOptions = {}): string {
  return (
    `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, ` +
    `hosts: ['*']}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop, annotations: ${annotations}}
spec:
  hosts: [shop.example]
  gateways: [edge]
  http:
  ${indented(rules, 2)}
${beside === undefined ? '' : `---\n${beside}`}`
  )
}

/** One rule that sends everything to shop, with these fields in addition. */
export function istioShop(fields: string, options: IstioOptions = {}): string {
  return istio(`- route: [{destination: {host: shop}}]\n  ${indented(fields, 2)}`, options)
}

/** A Gateway on port 80 with its class, and an HTTPRoute `shop` for `shop.example` with these rules. */
export function gatewayApi(rules: string, { annotations = '{}', beside }: IstioOptions = {}): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: shadowplane}
spec: {controllerName: shadowplane.io/gateway-controller}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec: {gatewayClassName: shadowplane, listeners: [{name: http, port: 80, protocol: HTTP}]}
---
${httpRoute('{name: edge}', rules, annotations).replace('spec:\n', 'spec:\n  hostnames: [shop.example]\n')}${beside === undefined ? '' : `---\n${beside}`}`
}

/** An HTTPRoute `shop` with a parent. */
export function httpRoute(parent: string, rules: string, annotations = '{}'): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop, annotations: ${annotations}}
spec:
  parentRefs: [${parent}]
  rules:
  ${indented(rules, 2)}
`
}

/** One rule that sends everything to shop, with these fields in addition. */
export function gatewayApiShop(fields: string, options: IstioOptions = {}): string {
  return gatewayApi(`- backendRefs: [{name: shop, port: 80}]\n  ${indented(fields, 2)}`, options)
}

/** Filters of that rule. */
export function mirrorFilters(...mirrors: readonly string[]): string {
  return `filters: [${mirrors.map((mirror) => `{type: RequestMirror, requestMirror: {${mirror}}}`).join(', ')}]`
}

function upstream(name: string): string {
  return `apiVersion: gloo.solo.io/v1
kind: Upstream
metadata: {name: ${name}}
spec: {kube: {serviceName: ${name}, serviceNamespace: default, servicePort: 80}}
---
`
}

/** An Upstream for each Service, and a VirtualService `shop` for `shop.example` with these routes. */
export function gloo(routes: string, beside?: string): string {
  return `${['shop', 'shop-v2', 'shadow', 'lab'].map(upstream).join('')}apiVersion: gateway.solo.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  virtualHost:
    domains: [shop.example]
    routes:
    ${indented(routes, 4)}
${beside === undefined ? '' : `---\n${beside}`}`
}

/** One route that sends everything to shop, with these options. */
export function glooShop(options: string, beside?: string): string {
  return gloo(
    `- matchers: [{prefix: /}]
  routeAction: {single: {upstream: {name: shop, namespace: default}}}
  options: {${options}}`,
    beside,
  )
}

/** The option that copies to the Upstream of that name. */
export function shadowing(upstreamName: string, rest = 'percentage: 100'): string {
  return `shadowing: {upstream: {name: ${upstreamName}, namespace: default}, ${rest}}`
}

/** A Listener on 8080, and these Mappings by name, each for `shop.example`. */
export function emissary(mappings: Readonly<Record<string, string>>, annotations = '{}'): string {
  return `apiVersion: getambassador.io/v3alpha1
kind: Listener
metadata: {name: http}
spec: {port: 8080, protocol: HTTP, securityModel: XFP, hostBinding: {namespace: {from: ALL}}}
${Object.entries(mappings)
  .map(
    ([name, fields]) => `---
apiVersion: getambassador.io/v3alpha1
kind: Mapping
metadata: {name: ${name}, annotations: ${annotations}}
spec: {hostname: shop.example, ${fields}}
`,
  )
  .join('')}`
}

/** A Mapping of everything to shop, and its shadow with these fields in addition. */
export function emissaryShop(shadow: string, annotations = '{}'): string {
  return emissary(
    { shop: 'prefix: /, service: shop', 'shop-shadow': `prefix: /, shadow: true, ${shadow}` },
    annotations,
  )
}
