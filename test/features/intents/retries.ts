import { copyTo, shopWith } from '../intent.ts'
import type { Intent } from '../intent.ts'
import { emissary, gatewayApiShop, glooShop, istioShop, mirrorFilters, shadowing } from './words.ts'

/** One copy for a request, however often production is tried. */
export const retries: Intent = {
  wants: 'copy from a route that retries twice; copies are not retried',
  on: 'a gateway',
  asks: [{ sees: { ...shopWith(copyTo('shadow')), retries: 2 } }],
  written: {
    istio: { yaml: istioShop('retries: {attempts: 2, retryOn: 5xx}\nmirror: {host: shadow}') },
    'gateway-api': {
      yaml: gatewayApiShop(`retry: {attempts: 2, codes: [503]}
${mirrorFilters('backendRef: {name: shadow, port: 80}')}`),
    },
    gloo: { yaml: glooShop(`retries: {retryOn: 5xx, numRetries: 2}, ${shadowing('shadow')}`) },
    emissary: {
      yaml: emissary({
        shop: 'prefix: /, service: shop, retry_policy: {retry_on: 5xx, num_retries: 2}',
        'shop-shadow': 'prefix: /, service: shadow, shadow: true',
      }),
    },
  },
}
