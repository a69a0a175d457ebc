import { copyTo, shopWith } from '../intent.ts'
import type { Intent } from '../intent.ts'
import { emissaryShop, gatewayApiShop, glooShop, istioShop, mirrorFilters, shadowing } from './words.ts'

/** The same few words mean everything in three dialects and nothing in one. */
export const noShare: Intent = {
  wants: 'name a mirror, and no share',
  on: 'a gateway',
  asks: [{ sees: shopWith(copyTo('shadow')) }],
  written: {
    istio: { yaml: istioShop('mirror: {host: shadow}') },
    'gateway-api': { yaml: gatewayApiShop(mirrorFilters('backendRef: {name: shadow, port: 80}')) },
    gloo: {
      yaml: glooShop(shadowing('shadow', '')),
      says: ['mirror/percentage-absent'],
      otherwise: {
        asks: [{ sees: shopWith() }],
        because: 'Gloo takes a `percentage` that is absent for 0, so that nothing is copied; that is said',
      },
    },
    emissary: { yaml: emissaryShop('service: shadow') },
  },
}
