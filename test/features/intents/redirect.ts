import type { Intent } from '../intent.ts'
import { emissary, gatewayApi, gloo, istio, shadowing } from './words.ts'

/** Only a request that is forwarded can be copied. */
export const redirect: Intent = {
  wants: 'a redirect is served and copies nothing, even beside a mirror',
  on: 'a gateway',
  asks: [{ sees: { primary: ['301 http://new.example/'], copies: [] } }],
  written: {
    istio: {
      yaml: istio('- redirect: {authority: new.example}\n  mirror: {host: shadow}'),
      says: ['mirror/without-forward'],
    },
    'gateway-api': {
      yaml: gatewayApi(`- filters:
  - {type: RequestRedirect, requestRedirect: {hostname: new.example, statusCode: 301}}
  - {type: RequestMirror, requestMirror: {backendRef: {name: shadow, port: 80}}}`),
      says: ['mirror/without-forward'],
    },
    gloo: {
      yaml: gloo(`- matchers: [{prefix: /}]
  redirectAction: {hostRedirect: new.example}
  options: {${shadowing('shadow')}}`),
      says: ['mirror/without-forward'],
    },
    emissary: {
      yaml: emissary({
        shop: 'prefix: /, service: new.example, host_redirect: true',
        'shop-shadow': 'prefix: /, service: shadow, shadow: true',
      }),
      says: ['mirror/without-forward'],
    },
  },
}
