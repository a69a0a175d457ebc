import { copyTo, shopWith } from '../intent.ts'
import type { Intent } from '../intent.ts'
import { emissary, gatewayApiShop, glooShop, istioShop, mirrorFilters, shadowing } from './words.ts'

/** Envoy gives the copy the timeout of its route. */
export const timeout: Intent = {
  wants: 'copy under a timeout of three seconds',
  on: 'a gateway',
  asks: [{ sees: { ...shopWith(copyTo('shadow')), timeout: '3s' } }],
  written: {
    istio: { yaml: istioShop('timeout: 3s\nmirror: {host: shadow}') },
    'gateway-api': {
      yaml: gatewayApiShop(`timeouts: {request: 3s}
${mirrorFilters('backendRef: {name: shadow, port: 80}')}`),
    },
    gloo: { yaml: glooShop(`timeout: 3s, ${shadowing('shadow')}`) },
    emissary: {
      yaml: emissary({
        shop: 'prefix: /, service: shop, timeout_ms: 3000',
        'shop-shadow': 'prefix: /, service: shadow, shadow: true',
      }),
    },
  },
}
