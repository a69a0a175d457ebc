import { shopWith } from '../intent.ts'
import type { Intent } from '../intent.ts'
import { emissaryShop, gatewayApiShop, glooShop, istioShop, mirrorFilters, shadowing } from './words.ts'

/** A mirror that is turned off where it stands. */
export const nothing: Intent = {
  wants: 'keep the mirror and copy nothing (0 %)',
  on: 'a gateway',
  asks: [{ sees: shopWith() }],
  written: {
    istio: { yaml: istioShop('mirror: {host: shadow}\nmirrorPercentage: {value: 0}') },
    'gateway-api': {
      yaml: gatewayApiShop(mirrorFilters('backendRef: {name: shadow, port: 80}, percent: 0')),
    },
    gloo: { yaml: glooShop(shadowing('shadow', 'percentage: 0')) },
    emissary: { yaml: emissaryShop('service: shadow, weight: 0') },
  },
}
