import { copyTo, shopWith } from '../intent.ts'
import type { Intent } from '../intent.ts'
import { emissary, gatewayApi, gloo, istio, shadowing } from './words.ts'

/** Testers only. */
export const byHeader: Intent = {
  wants: 'copy only the requests that carry a header',
  on: 'a gateway',
  asks: [
    { headers: [['x-beta', 'yes']], sees: shopWith(copyTo('shadow')) },
    { headers: [['x-beta', 'no']], sees: shopWith() },
    { sees: shopWith() },
  ],
  written: {
    istio: {
      yaml: istio(
        '- match: [{headers: {x-beta: {exact: "yes"}}}]\n  route: [{destination: {host: shop}}]\n  ' +
          'mirror: {host: shadow}\n- route: [{destination: {host: shop}}]',
      ),
    },
    'gateway-api': {
      yaml: gatewayApi(`- matches: [{headers: [{name: x-beta, value: "yes"}]}]
  backendRefs: [{name: shop, port: 80}]
  filters: [{type: RequestMirror, requestMirror: {backendRef: {name: shadow, port: 80}}}]
- backendRefs: [{name: shop, port: 80}]`),
    },
    gloo: {
      yaml: gloo(`- matchers: [{prefix: /, headers: [{name: x-beta, value: "yes"}]}]
  routeAction: {single: {upstream: {name: shop, namespace: default}}}
  options: {${shadowing('shadow')}}
- matchers: [{prefix: /}]
  routeAction: {single: {upstream: {name: shop, namespace: default}}}`),
    },
    emissary: {
      yaml: emissary({
        shop: 'prefix: /, service: shop',
        'shop-beta': 'prefix: /, service: shop, headers: {x-beta: "yes"}',
        'shop-beta-shadow': 'prefix: /, service: shadow, shadow: true, headers: {x-beta: "yes"}',
      }),
    },
  },
}
