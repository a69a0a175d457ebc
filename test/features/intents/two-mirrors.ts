import { copyTo, shopWith } from '../intent.ts'
import type { Intent } from '../intent.ts'
import { emissary, gatewayApiShop, istioShop, mirrorFilters } from './words.ts'

/** Several mirrors of one route. */
export const twoMirrors: Intent = {
  wants: 'copy to two services, each with its own share',
  on: 'a gateway',
  asks: [
    { sees: shopWith(copyTo('shadow', { millionths: 100_000 }), copyTo('lab', { millionths: 500_000 })) },
  ],
  written: {
    istio: {
      yaml: istioShop(
        'mirrors: [{destination: {host: shadow}, percentage: {value: 10}}, {destination: {host: lab}, ' +
          'percentage: {value: 50}}]',
      ),
    },
    'gateway-api': {
      yaml: gatewayApiShop(
        mirrorFilters(
          'backendRef: {name: shadow, port: 80}, percent: 10',
          'backendRef: {name: lab, port: 80}, percent: 50',
        ),
      ),
    },
    gloo: { cannot: '`shadowing` names one upstream' },
    emissary: {
      yaml: emissary(
        {
          shop: 'prefix: /, service: shop',
          'shop-shadow': 'prefix: /, service: shadow, shadow: true, weight: 10',
          'shop-shadow-too': 'prefix: /, service: lab, shadow: true, weight: 50',
        },
        '{shadowplane.io/several-shadows: "true"}',
      ),
    },
  },
}
