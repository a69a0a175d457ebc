/**
 * A Gloo VirtualService `gloo-system/shop` whose first route begins at 8:5; `routes` is a YAML list, `more`
 * further fields of the spec.
 */
export function virtualService(routes: string, more = ''): string {
  return `apiVersion: gateway.solo.io/v1
kind: VirtualService
metadata: {name: shop, namespace: gloo-system}
spec:
  virtualHost:
    domains: ['*']
    routes:
${indented(routes, 4)}
${indented(more, 2)}
`
}

/** A Gloo VirtualService with one route to Upstream `shop`, whose fields begin at 9:7. */
export function oneRoute(fields: string): string {
  return virtualService(`- routeAction: {single: {upstream: {name: shop}}}\n${indented(fields, 2)}`)
}

/** A kube Upstream in gloo-system, and its Service `default/<name>` on port 80 with one endpoint. */
export function upstream(name: string, fields = ''): string {
  return `---
apiVersion: gloo.solo.io/v1
kind: Upstream
metadata: {name: ${name}, namespace: gloo-system}
spec:
  kube: {serviceName: ${name}, serviceNamespace: default, servicePort: 80}
${indented(fields, 2)}
---
apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}, labels: {kubernetes.io/service-name: ${name}}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: [{addresses: [10.0.0.${name.length}]}]
`
}

/** An object of gateway.solo.io in gloo-system. */
export function object(kind: string, name: string, spec: string): string {
  return `---
apiVersion: gateway.solo.io/v1
kind: ${kind}
metadata: {name: ${name}, namespace: gloo-system}
spec:
${indented(spec, 2)}
`
}

export const backends = `${upstream('shop')}${upstream('shadow')}`

export function indented(text: string, spaces: number): string {
  return text
    .split('\n')
    .map((line) => `${' '.repeat(spaces)}${line}`)
    .join('\n')
    .trimEnd()
}
