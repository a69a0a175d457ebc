import { copyTo, shopWith } from '../intent.ts'
import type { Intent } from '../intent.ts'
import { emissaryShop, gatewayApiShop, glooShop, istioShop, mirrorFilters, shadowing } from './words.ts'

/** Gateway API asks for a ReferenceGrant there. */
export const anotherNamespace: Intent = {
  wants: 'copy to a service of another namespace',
  on: 'a gateway',
  asks: [{ sees: shopWith(copyTo('shadow in staging')) }],
  written: {
    istio: { yaml: istioShop('mirror: {host: shadow.staging.svc.cluster.local}') },
    'gateway-api': {
      yaml: gatewayApiShop(mirrorFilters('backendRef: {name: shadow, namespace: staging, port: 80}'), {
        beside:
          `apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: mirrors, namespace: staging}
spec: {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: default}], to: [{group: "", ` +
          `kind: Service}]}
`,
      }),
    },
    gloo: {
      yaml: glooShop(
        shadowing('staging-shadow'),
        `apiVersion: gloo.solo.io/v1
kind: Upstream
metadata: {name: staging-shadow}
spec: {kube: {serviceName: shadow, serviceNamespace: staging, servicePort: 80}}
`,
      ),
    },
    emissary: { yaml: emissaryShop('service: shadow.staging') },
  },
}
