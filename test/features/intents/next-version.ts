import { copyTo, shopWith } from '../intent.ts'
import type { Intent } from '../intent.ts'
import { emissaryShop, gatewayApiShop, glooShop, istioShop, mirrorFilters, shadowing } from './words.ts'

/** By a subset in Istio, by a Service that selects the version elsewhere. */
export const nextVersion: Intent = {
  wants: 'copy to the next version of the same service',
  on: 'a gateway',
  asks: [{ sees: shopWith(copyTo('shop v2')) }],
  written: {
    istio: {
      yaml: istioShop('mirror: {host: shop, subset: v2}', {
        beside: `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: shop}
spec: {host: shop, subsets: [{name: v2, labels: {version: v2}}]}
`,
      }),
    },
    'gateway-api': { yaml: gatewayApiShop(mirrorFilters('backendRef: {name: shop-v2, port: 80}')) },
    gloo: { yaml: glooShop(shadowing('shop-v2')) },
    emissary: { yaml: emissaryShop('service: shop-v2') },
  },
}
