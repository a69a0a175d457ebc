import { copyTo, shopWith } from '../intent.ts'
import type { Intent } from '../intent.ts'
import { glooShop, shadowing } from './words.ts'

/** A receiver that is routed to by name. */
export const anotherHost: Intent = {
  wants: 'give the copy another Host',
  on: 'a gateway',
  asks: [{ sees: shopWith(copyTo('shadow', { host: 'shadow.internal' })) }],
  written: {
    istio: {
      cannot:
        'a mirror has no field for its Host, and the annotation `shadowplane.io/shadow-host` knows ' +
        '`suffix` and `keep`',
    },
    'gateway-api': { cannot: '`requestMirror` has no field for its Host' },
    gloo: { yaml: glooShop(shadowing('shadow', 'percentage: 100, hostRewriteLiteral: shadow.internal')) },
    emissary: {
      cannot: 'the `host_rewrite` of a shadow is ignored: the fields of a group are those of its primary',
    },
  },
}
