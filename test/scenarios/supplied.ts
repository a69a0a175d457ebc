import type { LoggedBackend } from '../support/logged-backend.ts'

/** Objects that the published manifests take for granted, as YAML; each ends with a document separator. */

export interface SuppliedService {
  readonly namespace?: string
  readonly name: string
  readonly port: number
}

/** A Service with one HTTP port. */
export function service({ namespace = 'default', name, port }: SuppliedService): string {
  return `apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: ${namespace}}
spec: {ports: [{name: http, port: ${port}}]}
---
`
}

/** The Pods of a Service: each backend with its labels, and an EndpointSlice that points at it. */
export function pods(
  { namespace = 'default', name }: Omit<SuppliedService, 'port'>,
  backends: readonly (readonly [LoggedBackend, Readonly<Record<string, string>>])[],
): string {
  return backends
    .map(
      ([backend, labels]) =>
        `apiVersion: v1
kind: Pod
metadata: {name: ${backend.name}, namespace: ${namespace}, labels: ${JSON.stringify(labels)}}
spec: {containers: [{name: app, image: app}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${backend.name}, namespace: ${namespace}, labels: {kubernetes.io/service-name: ${name}}}
addressType: IPv4
ports: [{name: http, port: ${backend.port}}]
endpoints: [{addresses: [${backend.address}], targetRef: {kind: Pod, name: ${backend.name}, namespace: ` +
        `${namespace}}}]
---
`,
    )
    .join('')
}

/** A DestinationRule whose subsets are the versions of a Service's Pods. */
export function versions(name: string, subsets: readonly string[]): string {
  return (
    `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ${name}}
spec: {host: ${name}, subsets: ` +
    `[${subsets.map((subset) => `{name: ${subset}, labels: {version: ${subset}}}`).join(', ')}]}
---
`
  )
}

/**
 * A Gateway API Gateway `http` with one HTTP listener on 8080 that takes routes of all namespaces, and its
 * class.
 */
export function gatewayHttp(namespace: string): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: shadowplane}
spec: {controllerName: shadowplane.io/gateway-controller}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: http, namespace: ${namespace}}
spec:
  gatewayClassName: shadowplane
  listeners: [{name: http, port: 8080, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}]
---
`
}

export function namespaces(...names: readonly string[]): string {
  return names.map((name) => `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}}\n---\n`).join('')
}
