import { copyTo, shopWith } from '../intent.ts'
import type { Intent } from '../intent.ts'
import { emissaryShop, glooShop, istioShop, shadowing } from './words.ts'

/** A receiver that is no Service. */
export const outside: Intent = {
  wants: 'copy to a host outside, found by DNS',
  on: 'a gateway',
  asks: [{ sees: shopWith(copyTo('mirror.example.net:80')) }],
  written: {
    istio: {
      yaml: istioShop('mirror: {host: mirror.example.net}', {
        beside:
          `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: mirror}
spec: {hosts: [mirror.example.net], location: MESH_EXTERNAL, resolution: DNS, ports: [{number: 80, name: ` +
          `http, protocol: HTTP}]}
`,
      }),
    },
    'gateway-api': {
      cannot:
        'no kind of backend is a host outside, and a Service of type ExternalName has no cluster of its own',
    },
    gloo: {
      yaml: glooShop(
        shadowing('mirror'),
        `apiVersion: gloo.solo.io/v1
kind: Upstream
metadata: {name: mirror}
spec: {static: {hosts: [{addr: mirror.example.net, port: 80}]}}
`,
      ),
    },
    emissary: { yaml: emissaryShop('service: mirror.example.net') },
  },
}
