import { copyTo, shopWith } from '../intent.ts'
import type { Intent } from '../intent.ts'
import { emissaryShop, gatewayApiShop, glooShop, istioShop, mirrorFilters, shadowing } from './words.ts'

/** The same few words mean everything in three dialects and nothing in one. */
export const noShare: Intent = {
  wants: 'name a mirror without a share',
  on: 'a gateway',
  asks: [{ sees: shopWith(copyTo('shadow')) }],
  written: {
    istio: { yaml: istioShop('mirror: {host: shadow}') },
    'gateway-api': { yaml: gatewayApiShop(mirrorFilters('backendRef: {name: shadow, port: 80}')) },
    gloo: {
      yaml: glooShop(shadowing('shadow', '')),
      says: ['mirror/percentage-absent'],
      different: {
        asks: [{ sees: shopWith() }],
        because: 'Gloo treats a missing `percentage` as 0, so nothing is copied, and a warning says so',
      },
    },
    emissary: { yaml: emissaryShop('service: shadow') },
  },
}
