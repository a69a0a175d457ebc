import type { Issued } from './certificate.ts'

export interface SecretOptions {
  readonly name: string
  readonly issued: Issued
  /** Authorities that the user of the Secret trusts, in PEM. */
  readonly authority?: string
}

/** A Secret with a certificate, as `kubectl create secret` prints it. */
export function secretManifest({ name, issued, authority }: SecretOptions): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  return `apiVersion: v1
kind: Secret
metadata:
  name: ${name}
type: ${authority === undefined ? 'kubernetes.io/tls' : 'Opaque'}
data:
  tls.crt: ${base64(issued.certificate)}
  tls.key: ${base64(issued.privateKey)}
${authority === undefined ? '' : `  ca.crt: ${base64(authority)}\n`}`
}

/** An HTTPS gateway for `host`, and mutual TLS behind it to a backend that is called `shop.internal`. */
export function tlsManifests(host: string, backendPort: number): string {
  return `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: shop}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [${host}]
    tls: {mode: SIMPLE, credentialName: shop-cert}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [${host}]
  gateways: [shop]
  http:
  - route: [{destination: {host: shop}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: shop}
spec:
  host: shop
  trafficPolicy:
    # A connection keeps the certificate that it began with: new ones are made all the time.
    connectionPool: {http: {maxRequestsPerConnection: 10}}
    tls: {mode: MUTUAL, credentialName: shop-client, sni: shop.internal, subjectAltNames: [shop.internal]}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  selector: {app: shop}
  ports: [{name: http, port: 8443}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: shop, labels: {kubernetes.io/service-name: shop}}
addressType: IPv4
ports: [{name: http, port: ${backendPort}}]
endpoints: [{addresses: [127.0.0.1]}]
`
}
