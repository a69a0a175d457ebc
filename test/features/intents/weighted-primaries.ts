import { copyTo } from '../intent.ts'
import type { Intent } from '../intent.ts'
import { emissary, gatewayApi, gloo, istio, mirrorFilters, shadowing } from './words.ts'

/** A canary and a shadow at once: the copy is made whichever primary is taken. */
export const weightedPrimaries: Intent = {
  wants: 'copy from a route that is split 90 to 10',
  on: 'a gateway',
  asks: [{ sees: { primary: ['shop 90', 'lab 10'], copies: [copyTo('shadow')] } }],
  written: {
    istio: {
      yaml: istio(
        '- route: [{destination: {host: shop}, weight: 90}, {destination: {host: lab}, weight: 10}]\n  ' +
          'mirror: {host: shadow}',
      ),
    },
    'gateway-api': {
      yaml: gatewayApi(`- backendRefs: [{name: shop, port: 80, weight: 90}, {name: lab, port: 80, weight: 10}]
  ${mirrorFilters('backendRef: {name: shadow, port: 80}')}`),
    },
    gloo: {
      yaml: gloo(
        `- matchers: [{prefix: /}]
  routeAction: {multi: {destinations: [{destination: {upstream: {name: shop, namespace: default}}, ` +
          `weight: 90}, {destination: {upstream: {name: lab, namespace: default}}, weight: 10}]}}
  options: {${shadowing('shadow')}}`,
      ),
    },
    emissary: {
      yaml: emissary({
        shop: 'prefix: /, service: shop',
        canary: 'prefix: /, service: lab, weight: 10',
        'shop-shadow': 'prefix: /, service: shadow, shadow: true',
      }),
    },
  },
}
