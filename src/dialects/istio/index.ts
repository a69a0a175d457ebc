import { translated } from '../dialect.ts'
import type { Dialect } from '../dialect.ts'
import { translateDestinationRule } from './destination-rule.ts'
import { translateGateway } from './gateway.ts'
import { meshConfigMap, settingsOfConfigMap, translateConfigMap } from './mesh-config-map.ts'
import { divergences } from './portability.ts'
import { translateServiceEntry } from './service-entry.ts'
import { translateSidecar } from './sidecar.ts'
import { translateVirtualService } from './virtual-service.ts'
import { translateWorkloadEntry, translateWorkloadGroup } from './workload.ts'
import { writeIstio } from './write.ts'

const group = 'networking.istio.io'
const versions = ['v1', 'v1beta1', 'v1alpha3']

/** Istio's networking API. */
export const istio: Dialect = {
  name: 'istio',
  divergences,
  kinds: [
    { group, versions, kind: 'VirtualService', status: 'conditions' },
    ...['DestinationRule', 'Gateway', 'ServiceEntry', 'Sidecar', 'WorkloadEntry', 'WorkloadGroup'].map((kind) => ({ group, versions, kind })),
    { group: '', versions: ['v1'], kind: 'ConfigMap', only: meshConfigMap },
  ],
  translate(manifest, surroundings) {
    switch (manifest.id.kind) {
      case 'VirtualService': return translateVirtualService(manifest, surroundings)
      case 'DestinationRule': return translateDestinationRule(manifest, surroundings)
      case 'Gateway': return translateGateway(manifest)
      case 'ServiceEntry': return translateServiceEntry(manifest, surroundings)
      case 'Sidecar': return translateSidecar(manifest, surroundings)
      case 'WorkloadEntry': return translateWorkloadEntry(manifest, surroundings)
      case 'WorkloadGroup': return translateWorkloadGroup(manifest)
      case 'ConfigMap': return translateConfigMap(manifest, surroundings)
      default: return translated({})
    }
  },
  settings: settingsOfConfigMap,
  write: writeIstio,
}
