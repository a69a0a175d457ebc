import { copyTo, shopWith } from '../intent.ts'
import type { Intent } from '../intent.ts'
import { httpRoute, mirrorFilters } from './words.ts'

/** Without any gateway. */
export const inTheMesh: Intent = {
  wants: 'copy requests between workloads of the mesh, by their sidecars',
  on: 'a sidecar',
  asks: [{ sees: shopWith(copyTo('shadow', { host: 'shop-shadow' })) }],
  written: {
    istio: {
      yaml: `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec: {hosts: [shop], http: [{route: [{destination: {host: shop}}], mirror: {host: shadow}}]}
`,
    },
    'gateway-api': {
      yaml: httpRoute(
        '{group: "", kind: Service, name: shop}',
        `- backendRefs: [{name: shop, port: 80}]
  ${mirrorFilters('backendRef: {name: shadow, port: 80}')}`,
      ),
    },
    gloo: { cannot: 'a VirtualService is served by gateways only' },
    emissary: { cannot: 'a Mapping is served by gateways only' },
  },
}
