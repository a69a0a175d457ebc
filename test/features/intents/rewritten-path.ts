import { copyTo, shopWith } from '../intent.ts'
import type { Intent } from '../intent.ts'
import { emissary, gatewayApi, gloo, istio, shadowing } from './words.ts'

/** The copy is made of the request as it is forwarded. */
export const rewrittenPath: Intent = {
  wants: 'copy the rewritten request, as production gets it',
  on: 'a gateway',
  asks: [{ path: '/api/orders', sees: shopWith(copyTo('shadow', { path: '/orders' })) }],
  written: {
    istio: {
      yaml: istio(
        '- match: [{uri: {prefix: /api/}}]\n  rewrite: {uri: /}\n  route: [{destination: {host: shop}}]\n ' +
          ' mirror: {host: shadow}',
      ),
    },
    'gateway-api': {
      yaml: gatewayApi(
        `- matches: [{path: {type: PathPrefix, value: /api}}]
  backendRefs: [{name: shop, port: 80}]
  filters: [{type: RequestMirror, requestMirror: {backendRef: {name: shadow, port: 80}}}, {type: ` +
          `URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}]`,
      ),
    },
    gloo: {
      yaml: gloo(`- matchers: [{prefix: /api/}]
  routeAction: {single: {upstream: {name: shop, namespace: default}}}
  options: {prefixRewrite: /, ${shadowing('shadow')}}`),
    },
    emissary: {
      yaml: emissary({
        shop: 'prefix: /api/, service: shop',
        'shop-shadow': 'prefix: /api/, shadow: true, service: shadow',
      }),
    },
  },
}
