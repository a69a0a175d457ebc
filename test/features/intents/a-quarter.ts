import { copyTo, shopWith } from '../intent.ts'
import type { Intent } from '../intent.ts'
import { emissaryShop, gatewayApiShop, glooShop, istioShop, mirrorFilters, shadowing } from './words.ts'

/** A share in whole percent. */
export const aQuarter: Intent = {
  wants: 'copy 25 % of the requests',
  on: 'a gateway',
  asks: [{ sees: shopWith(copyTo('shadow', { millionths: 250_000 })) }],
  written: {
    istio: { yaml: istioShop('mirror: {host: shadow}\nmirrorPercentage: {value: 25}') },
    'gateway-api': {
      yaml: gatewayApiShop(mirrorFilters('backendRef: {name: shadow, port: 80}, percent: 25')),
    },
    gloo: { yaml: glooShop(shadowing('shadow', 'percentage: 25')) },
    emissary: { yaml: emissaryShop('service: shadow, weight: 25') },
  },
}
