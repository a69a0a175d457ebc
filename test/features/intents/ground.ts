import type { Identity } from '../../../src/envoy/node.ts'
import type { DialectName } from '../dialect.ts'
import { endpointSlice } from '../ground.ts'
import type { Intent } from '../intent.ts'

/**
 * The common objects of all intents: the Services `shop`, `shop-v2`, `shadow` and `lab`, and `shadow` of the
 * namespace `staging`, with their Pods.
 */

const inStaging = (text: string): string => text.replaceAll('metadata: {', 'metadata: {namespace: staging, ')

function service(name: string, selector: string): string {
  return `apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {selector: {${selector}}, ports: [{name: http, port: 80, targetPort: 8080}]}
`
}

const objects: readonly string[] = [
  service('shop', 'app: shop'),
  endpointSlice('shop', { '10.0.0.1': 'v1', '10.0.0.2': 'v2' }),
  service('shop-v2', 'app: shop, version: v2'),
  endpointSlice('shop-v2', { '10.0.0.2': 'v2' }),
  service('shadow', 'app: shadow'),
  endpointSlice('shadow', { '10.0.1.1': 'v1' }),
  service('lab', 'app: lab'),
  endpointSlice('lab', { '10.0.2.1': 'v1' }),
  inStaging(service('shadow', 'app: shadow')),
  inStaging(endpointSlice('shadow', { '10.0.3.1': 'v1' })),
  ...['default', 'staging'].map((name) => `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}}\n`),
]

export const ground = objects.join('---\n')

/** Who answers at these addresses. */
export const workloads: Readonly<Record<string, string>> = {
  '10.0.0.1:8080,10.0.0.2:8080': 'shop',
  '10.0.0.2:8080': 'shop v2',
  '10.0.1.1:8080': 'shadow',
  '10.0.2.1:8080': 'lab',
  '10.0.3.1:8080': 'shadow in staging',
}

/** A proxy that serves production, and where it listens. */
export interface Edge {
  readonly identity: Identity
  readonly port: number
  /** Host of the requests. */
  readonly host: string
}

/** Where each dialect's gateways listen, and how their proxies name themselves. */
export const gateways: Readonly<Record<DialectName, Edge>> = {
  istio: edge({ istio: 'ingressgateway' }, 80),
  'gateway-api': edge({ 'gateway.networking.k8s.io/gateway-name': 'edge' }, 80),
  gloo: edge({ 'gateway-proxy-id': 'gateway-proxy' }, 8080),
  emissary: edge({ ambassador_id: 'default' }, 8080),
}

function edge(labels: Readonly<Record<string, string>>, port: number): Edge {
  return { identity: { role: 'gateway', namespace: 'default', labels }, port, host: 'shop.example' }
}

export function edgeOf(dialect: DialectName, { on }: Intent): Edge {
  return on === 'a gateway'
    ? gateways[dialect]
    : {
        identity: { role: 'sidecar', namespace: 'default', labels: { app: 'client' } },
        port: 80,
        host: 'shop',
      }
}
