/** The objects for each Envoy of the versions matrix. */

/** Ports of 127.0.0.1. */
export interface VersionPorts {
  readonly primary: number
  readonly copy: number
}

/** A gateway, two services, and settings that only newer Envoys know in full. */
export function versionGroundwork({ primary, copy }: VersionPorts): string {
  return [
    'apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: edge}\nspec: {servers: [{port: ' +
      '{number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}\n',
    serviceEntry('primary', primary),
    serviceEntry('copy', copy),
    'apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: primary}\nspec: {host: ' +
      'primary.test, trafficPolicy: {retryBudget: {percent: 20, budgetInterval: 5s}}}\n',
  ].join('---\n')
}

function serviceEntry(name: string, port: number): string {
  return `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${name}}
spec:
  hosts: [${name}.test]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: STATIC
  endpoints: [{address: 127.0.0.1, ports: {http: ${port}}}]
`
}

export interface VersionRoute {
  /** Percentage of requests that are copied. */
  readonly share: number
  /** Response header `x-edit`. */
  readonly edit: string
}

/** A host whose requests go to the primary, and which sets a header that only the newest Envoys know. */
export function versionRoute(host: string, { share, edit }: VersionRoute): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${host.replaceAll('.', '-')}}
spec:
  hosts: [${host}]
  gateways: [edge]
  http:
  - headers: {response: {set: {x-edit: "${edit}", x-newer: "%ROUTE_RESOLUTION_COUNT%"}}}
    timeout: 10s
    route: [{destination: {host: primary.test}}]
    mirrors: [{destination: {host: copy.test}, percentage: {value: ${share}}}]
`
}
