import { bootstrap, defaultBootstrap } from '../../../src/envoy/bootstrap.ts'
import type { Bootstrap, HostPort } from '../../../src/envoy/bootstrap.ts'

/** Where requests go, and their copies: endpoints of this machine, which an EndpointSlice may not have. */
export function edgeObjects(production: number, shadow: number): string {
  const entry = (name: string, port: number): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${name}}
spec:
  hosts: [${name}.example]
  location: MESH_EXTERNAL
  resolution: STATIC
  ports: [{number: 80, name: http, protocol: HTTP}]
  endpoints: [{address: 127.0.0.1, ports: {http: ${port}}}]
---
`
  return (
    `${entry('production', production)}${entry('shadow', shadow)}apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, ` +
    `hosts: ['*']}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: edge}
spec:
  hosts: ['*']
  gateways: [edge]
  http: [{route: [{destination: {host: production.example, port: {number: 80}}}], mirror: {host: ` +
    `shadow.example, port: {number: 80}}, mirrorPercentage: {value: 50}}]
`
  )
}

/** An Envoy that goes to either replica. */
export function edgeBootstrap(name: string, replicas: readonly HostPort[], port: number): Bootstrap {
  const plain = bootstrap({
    ...defaultBootstrap,
    role: 'gateway',
    labels: { istio: 'ingressgateway' },
    bindAddress: '127.0.0.1',
    portMap: { 80: port },
    nodeId: `router~127.0.0.1~${name}.default~default.svc.cluster.local`,
  })
  const clusters = plain.static_resources?.clusters?.map((cluster) => ({
    ...cluster,
    load_assignment: {
      ...cluster.load_assignment,
      cluster_name: cluster.name,
      endpoints: [
        {
          lb_endpoints: replicas.map(({ host, port: of }) => ({
            endpoint: { address: { socket_address: { address: host, port_value: of } } },
          })),
        },
      ],
    },
  }))
  return {
    ...plain,
    static_resources: { ...plain.static_resources, ...(clusters === undefined ? {} : { clusters }) },
  }
}

/** Routes whose status is written, other ones for each `edit`: the API server counts their generations. */
export function routesWithStatus(count: number, edit: number): string {
  const route = (index: number): string =>
    `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: route-${index}}
spec: {parentRefs: [{name: told}], hostnames: [edit-${edit}.example], rules: [{backendRefs: [{name: ` +
    `service-0, port: 80}]}]}
---
`
  return `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: shadowplane}
spec: {controllerName: shadowplane.io/gateway-controller}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: told}
spec: {gatewayClassName: shadowplane, listeners: [{name: http, port: 8080, protocol: HTTP}]}
---
${Array.from({ length: count }, (_, index) => route(index)).join('')}`
}
