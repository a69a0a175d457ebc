import { copyTo, shopWith } from '../intent.ts'
import type { Intent } from '../intent.ts'
import { emissaryShop, glooShop, istioShop, shadowing } from './words.ts'

/** Out of the house, nobody else should read the copies. */
export const overTls: Intent = {
  wants: 'copy over TLS to a receiver outside',
  on: 'a gateway',
  asks: [{ sees: shopWith(copyTo('TLS mirror.example.net:443')) }],
  written: {
    istio: {
      yaml: istioShop('mirror: {host: mirror.example.net, port: {number: 443}}', {
        beside:
          `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: mirror}
spec: {hosts: [mirror.example.net], location: MESH_EXTERNAL, resolution: DNS, ports: [{number: 443, name: ` +
          `https, protocol: HTTPS}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: mirror}
spec: {host: mirror.example.net, trafficPolicy: {tls: {mode: SIMPLE, sni: mirror.example.net}}}
`,
      }),
    },
    'gateway-api': {
      cannot: 'no kind of backend is a host outside, to which a BackendTLSPolicy could apply',
    },
    gloo: {
      yaml: glooShop(
        shadowing('mirror'),
        `apiVersion: gloo.solo.io/v1
kind: Upstream
metadata: {name: mirror}
spec: {static: {hosts: [{addr: mirror.example.net, port: 443}]}, sslConfig: {sni: mirror.example.net}}
`,
      ),
    },
    emissary: { yaml: emissaryShop('service: "https://mirror.example.net"') },
  },
}
