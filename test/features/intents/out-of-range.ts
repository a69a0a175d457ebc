import { shopWith } from '../intent.ts'
import type { Intent } from '../intent.ts'
import { emissaryShop, gatewayApiShop, glooShop, istioShop, mirrorFilters, shadowing } from './words.ts'

/** At the start; an edit to it leaves the last good version in force. */
export const outOfRange: Intent = {
  wants: 'a share of 150 % is rejected and reported, and its route is served',
  on: 'a gateway',
  asks: [{ sees: shopWith() }],
  written: {
    istio: {
      yaml: istioShop('mirror: {host: shadow}\nmirrorPercentage: {value: 150}'),
      says: ['mirror/percentage-out-of-range'],
    },
    'gateway-api': {
      yaml: gatewayApiShop(mirrorFilters('backendRef: {name: shadow, port: 80}, percent: 150')),
      says: ['mirror/percentage-out-of-range'],
    },
    gloo: {
      yaml: glooShop(shadowing('shadow', 'percentage: 150')),
      says: ['mirror/percentage-out-of-range'],
    },
    emissary: {
      yaml: emissaryShop('service: shadow, weight: 150'),
      says: ['mirror/percentage-out-of-range'],
    },
  },
}
