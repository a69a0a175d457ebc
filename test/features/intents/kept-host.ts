import { copyTo, shopWith } from '../intent.ts'
import type { Intent } from '../intent.ts'
import { gatewayApiShop, glooShop, istioShop, mirrorFilters, shadowing } from './words.ts'

/** By a field in Gloo, by our annotation elsewhere. */
export const keptHost: Intent = {
  wants: 'let the copy keep its Host, without -shadow',
  on: 'a gateway',
  asks: [{ sees: shopWith(copyTo('shadow', { host: 'shop.example' })) }],
  written: {
    istio: {
      yaml: istioShop('mirror: {host: shadow}', { annotations: '{shadowplane.io/shadow-host: keep}' }),
    },
    'gateway-api': {
      yaml: gatewayApiShop(mirrorFilters('backendRef: {name: shadow, port: 80}'), {
        annotations: '{shadowplane.io/shadow-host: keep}',
      }),
    },
    gloo: { yaml: glooShop(shadowing('shadow', 'percentage: 100, disableShadowHostSuffixAppend: true')) },
    emissary: {
      cannot:
        'a shadow has no field for it, and Emissary always appends `-shadow`, so that the annotation is ' +
        'refused on a Mapping',
    },
  },
}
