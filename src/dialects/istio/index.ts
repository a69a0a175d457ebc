import type { Dialect, Reader } from '../dialect.ts'
import { unsplit } from '../reading/unsplit.ts'
import { inRevision } from '../reading/revision.ts'
import { destinationRuleReader } from './destination-rule/destination-rule.ts'
import { gatewayReader } from './gateway/gateway.ts'
import { meshConfigMap, settingsOfConfigMap, translateConfigMap } from './mesh-config-map.ts'
import { divergences } from './portability.ts'
import { isProtectionKind, protectionKinds, translateProtection } from './protection.ts'
import { translateServiceEntry } from './service-entry/service-entry.ts'
import { sidecarReader } from './sidecar.ts'
import { istioStatus } from './status.ts'
import { virtualServiceReader } from './virtual-service/virtual-service.ts'
import { workloadEntryReader, workloadGroupReader } from './service-entry/workload.ts'

const group = 'networking.istio.io'
const versions = ['v1', 'v1beta1', 'v1alpha3']

const readers: Readonly<Record<string, Reader>> = {
  VirtualService: virtualServiceReader,
  DestinationRule: destinationRuleReader,
  Gateway: gatewayReader,
  ServiceEntry: unsplit(translateServiceEntry),
  Sidecar: sidecarReader,
  WorkloadEntry: workloadEntryReader,
  WorkloadGroup: workloadGroupReader,
  ConfigMap: unsplit(translateConfigMap),
}

const protection = unsplit(translateProtection)

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
  reader: (manifest) => (isProtectionKind(manifest) ? protection : (readers[manifest.id.kind] ?? protection)),
  settings: settingsOfConfigMap,
  inRevision,
  status: istioStatus,
}
