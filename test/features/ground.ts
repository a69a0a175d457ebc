/**
 * The common objects of all features, in Kubernetes' own words: production `shop`, and `shadow` and `lab` to
 * mirror to.
 */
export const services = ['shop', 'shadow', 'lab']
  .map(
    (name) => `apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {selector: {app: ${name}}, ports: [{name: http, port: 80}]}
`,
  )
  .join('---\n')

export const shop = 'outbound|80||shop.default.svc.cluster.local'
export const shadow = 'outbound|80||shadow.default.svc.cluster.local'
/** The cluster of a mirror to `shadow` on a proxy whose clients may call `shadow` too. */
export const shadowOfItsOwn = 'mirror|80||shadow.default.svc.cluster.local'
export const lab = 'outbound|80||lab.default.svc.cluster.local'

/** An EndpointSlice with a Pod for each address, labelled with a version. */
export function endpointSlice(service: string, addresses: Readonly<Record<string, string>>): string {
  const entries = Object.entries(addresses)
  const pods = entries
    .map(
      ([address, version]) => `apiVersion: v1
kind: Pod
metadata: {name: ${service}-${address.replaceAll('.', '-')}, labels: {app: ${service}, version: ${version}}}
---
`,
    )
    .join('')
  const list = entries.map(
    ([address]) =>
      `{addresses: [${address}], targetRef: {kind: Pod, name: ${service}-${address.replaceAll('.', '-')}}}`,
  )
  return `${pods}apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${service}-1, labels: {kubernetes.io/service-name: ${service}}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: [${list.join(', ')}]
`
}

/** Istio's words for "gateways with this label listen on port 80". */
export const istioGateway = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: ['*']
`

/**
 * Istio's words for "requests for shop, from the edge and from the mesh, go to shop", and `fields` of that
 * rule (from line 9).
 */
export function istioRoute(
  fields: string,
  { name = 'shop', annotations = '{}' }: { readonly name?: string; readonly annotations?: string } = {},
): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${name}, annotations: ${annotations}}
spec:
  hosts: [shop]
  gateways: [edge, mesh]
  http:
  - route: [{destination: {host: shop}}]
    ${fields.trim().replaceAll('\n', '\n    ')}
`
}
