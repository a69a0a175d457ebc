import { shopWith } from '../intent.ts'
import type { Intent } from '../intent.ts'
import { emissaryShop, gatewayApiShop, glooShop, istioShop, mirrorFilters, shadowing } from './words.ts'

/** The most common mistake. */
export const nowhere: Intent = {
  wants: 'a mirror without a target is dropped and reported, and its route is served',
  on: 'a gateway',
  asks: [{ sees: shopWith() }],
  written: {
    istio: { yaml: istioShop('mirror: {host: nowhere}'), says: ['mirror/unknown-host'] },
    'gateway-api': {
      yaml: gatewayApiShop(mirrorFilters('backendRef: {name: nowhere, port: 80}')),
      says: ['reference/not-found'],
    },
    gloo: { yaml: glooShop(shadowing('nowhere')), says: ['mirror/unknown-host'] },
    emissary: { yaml: emissaryShop('service: nowhere'), says: ['mirror/unknown-host'] },
  },
}
