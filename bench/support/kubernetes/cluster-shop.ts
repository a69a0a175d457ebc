/** Ports of 127.0.0.1. */
export interface ShopPorts {
  readonly production: number
  readonly mirror: number
}

/**
 * The backends of the objects: where requests to the gateway's port 80 go, and where their copies do.
 * EndpointSlices may not name loopback; ServiceEntries may.
 */
export function shopManifests({ production, mirror }: ShopPorts): string {
  return `apiVersion: networking.istio.io/v1
kind: Gateway
metadata:
  name: shop
spec:
  selector:
    istio: ingressgateway
  servers:
  - port:
      number: 80
      name: http
      protocol: HTTP
    hosts:
    - '*'
${[
  ['production', production],
  ['mirror', mirror],
]
  .map(
    ([name, port]) => `---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: ${name}
spec:
  hosts:
  - ${name}.example
  ports:
  - number: 80
    name: http
    protocol: HTTP
  resolution: STATIC
  endpoints:
  - address: 127.0.0.1
    ports:
      http: ${port}
`,
  )
  .join('')}---
${shopRoute({ percentage: 50, mark: 'none' })}`
}

/** The one route: its share of copies, and the header `x-edit` of its answers. */
export function shopRoute({
  percentage,
  mark,
}: {
  readonly percentage: number
  readonly mark: string
}): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: shop
spec:
  hosts:
  - '*'
  gateways:
  - shop
  http:
  - route:
    - destination:
        host: production.example
    mirror:
      host: mirror.example
    mirrorPercentage:
      value: ${percentage}
    headers:
      response:
        set:
          ${markHeader}: ${mark}
`
}

/** By which an answer shows which edit it obeys. */
export const markHeader = 'x-edit'
