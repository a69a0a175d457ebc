import { copyTo, shopWith } from '../intent.ts'
import type { Intent } from '../intent.ts'
import { gatewayApiShop, glooShop, istioShop, mirrorFilters, shadowing } from './words.ts'

/** A share that binary floating point rounds wrongly. */
export const aFineShare: Intent = {
  wants: 'copy 0.57 % of the requests',
  on: 'a gateway',
  asks: [{ sees: shopWith(copyTo('shadow', { millionths: 5_700 })) }],
  written: {
    istio: { yaml: istioShop('mirror: {host: shadow}\nmirrorPercentage: {value: 0.57}') },
    'gateway-api': {
      yaml: gatewayApiShop(
        mirrorFilters('backendRef: {name: shadow, port: 80}, fraction: {numerator: 57, denominator: 10000}'),
      ),
    },
    gloo: { yaml: glooShop(shadowing('shadow', 'percentage: 0.57')) },
    emissary: { cannot: '`weight` is a whole number of percent' },
  },
}
