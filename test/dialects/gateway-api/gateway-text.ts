import { gateway } from '../../support/configuration.ts'
import type { Scope } from '../../../src/xds/scope.ts'

/**
 * A Gateway `<namespace>/<name>` whose first listener begins at 6:5; `listeners` are the lines of a YAML
 * list.
 */
export function gatewayOf(
  listeners: string,
  { name = 'edge', namespace = 'default', more = '' } = {},
): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  listeners:
${listeners
  .trim()
  .split('\n')
  .map((line) => `  ${line}`)
  .join('\n')}
  gatewayClassName: mesh${more === '' ? '' : `\n  ${more}`}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: mesh}
spec: {controllerName: example.com/controller}
---
`
}

/**
 * An HTTPRoute `default/shop` to the Service shop; its parentRefs are at 5:16, and its hostnames, if any, at
 * 6:14.
 */
export function routeOf(
  parentRefs: string,
  hostnames = '',
  { namespace = 'default', kind = 'HTTPRoute' } = {},
): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: {name: shop, namespace: ${namespace}}
spec:
  parentRefs: [${parentRefs}]
${hostnames === '' ? '' : `  hostnames: [${hostnames}]\n`}  rules: [{backendRefs: [{name: shop, port: 80}]}]
---
apiVersion: v1
kind: Service
metadata: {name: shop, namespace: ${namespace}}
spec: {selector: {app: shop}, ports: [{name: http, port: 80}]}
---
`
}

export function grant(from: string, to: string, namespace: string): string {
  return `apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: grant, namespace: ${namespace}}
spec:
  from: [{group: gateway.networking.k8s.io, ${from}}]
  to: [{group: "", ${to}}]
---
`
}

/** A proxy of a Gateway. */
export function proxyOf(name: string, namespace = 'default'): Scope {
  return {
    ...gateway,
    anyGateway: false,
    namespace,
    labels: { 'gateway.networking.k8s.io/gateway-name': name },
  }
}
