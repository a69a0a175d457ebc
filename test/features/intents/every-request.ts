import { copyTo, shopWith } from '../intent.ts'
import type { Intent } from '../intent.ts'
import { emissaryShop, gatewayApiShop, glooShop, istioShop, mirrorFilters, shadowing } from './words.ts'

/** All that production gets. */
export const everyRequest: Intent = {
  wants: 'copy every request',
  on: 'a gateway',
  asks: [{ sees: shopWith(copyTo('shadow')) }],
  written: {
    istio: { yaml: istioShop('mirror: {host: shadow}\nmirrorPercentage: {value: 100}') },
    'gateway-api': {
      yaml: gatewayApiShop(mirrorFilters('backendRef: {name: shadow, port: 80}, percent: 100')),
    },
    gloo: { yaml: glooShop(shadowing('shadow')) },
    emissary: { yaml: emissaryShop('service: shadow, weight: 100') },
  },
}
