import { translated } from '../dialect.ts'
import type { Dialect } from '../dialect.ts'
import { inRevision } from '../reading/revision.ts'
import { translateDestinationRule } from './destination-rule/destination-rule.ts'
import { translateGateway } from './gateway/gateway.ts'
import { meshConfigMap, settingsOfConfigMap, translateConfigMap } from './mesh-config-map.ts'
import { divergences } from './portability.ts'
import { isProtectionKind, protectionKinds, translateProtection } from './protection.ts'
import { translateServiceEntry } from './service-entry/service-entry.ts'
import { translateSidecar } from './sidecar.ts'
import { istioStatus } from './status.ts'
import { translateVirtualService } from './virtual-service/virtual-service.ts'
import { translateWorkloadEntry, translateWorkloadGroup } from './service-entry/workload.ts'

const group = 'networking.istio.io'
const versions = ['v1', 'v1beta1', 'v1alpha3']

/** Istio's networking API, and the kinds of its other APIs that keep requests out. */
export const istio: Dialect = {
  name: 'istio',
  divergences,
  kinds: [
    ...['VirtualService', 'DestinationRule', 'Gateway', 'ServiceEntry', 'Sidecar'].map((kind) => ({
      group,
      versions,
      kind,
      status: 'conditions' as const,
    })),
    ...['WorkloadEntry', 'WorkloadGroup'].map((kind) => ({ group, versions, kind })),
    ...protectionKinds,
    { group: '', versions: ['v1'], kind: 'ConfigMap', only: meshConfigMap },
  ],
  translate(manifest, lookup) {
    if (isProtectionKind(manifest)) return translateProtection(manifest, lookup)
    switch (manifest.id.kind) {
      case 'VirtualService':
        return translateVirtualService(manifest, lookup)
      case 'DestinationRule':
        return translateDestinationRule(manifest, lookup)
      case 'Gateway':
        return translateGateway(manifest)
      case 'ServiceEntry':
        return translateServiceEntry(manifest, lookup)
      case 'Sidecar':
        return translateSidecar(manifest, lookup)
      case 'WorkloadEntry':
        return translateWorkloadEntry(manifest, lookup)
      case 'WorkloadGroup':
        return translateWorkloadGroup(manifest)
      case 'ConfigMap':
        return translateConfigMap(manifest, lookup)
      default:
        return translated({})
    }
  },
  settings: settingsOfConfigMap,
  inRevision,
  status: istioStatus,
}
