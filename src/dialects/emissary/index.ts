import type { Manifest } from '../../manifest/manifest.ts'
import { finding } from '../../diagnostics/finding.ts'
import { translated } from '../dialect.ts'
import type { Dialect, Translated } from '../dialect.ts'
import { idsOf } from './ambassador-id.ts'
import { clusterNameOf } from './cluster-name.ts'
import { groupKey } from './group-key.ts'
import { readHost, translateHost } from './host.ts'
import { indexKey } from './index-key.ts'
import { readListener } from './listener.ts'
import { isRedirect, readMapping } from './mapping.ts'
import { divergences } from './portability.ts'
import { translateListener } from './server.ts'
import { translateMapping } from './translate-mapping.ts'

const group = 'getambassador.io'
const versions = ['v3alpha1', 'v2']

/** Kinds that have no effect here yet. */
const unsupported: Readonly<Record<string, string>> = {
  TCPMapping: 'TCP connections are not routed',
  TLSContext: 'TLS goes by the tlsSecret of a Host and by https:// in the service of a Mapping',
  Module: 'its settings have no effect',
  AuthService: 'requests are not sent to it: they pass without its consent',
  RateLimitService: 'requests are not limited',
  LogService: 'requests are not logged there',
  TracingService: 'requests are not traced',
  DevPortal: 'there is no developer portal',
  ConsulResolver: 'services are found as Kubernetes Services, and by DNS',
  KubernetesEndpointResolver: 'services are found as Kubernetes Services, and by DNS',
  KubernetesServiceResolver: 'services are found as Kubernetes Services, and by DNS',
}

/** Emissary-ingress, once Ambassador. */
export const emissary: Dialect = {
  name: 'emissary',
  divergences,
  kinds: ['Mapping', 'Host', 'Listener', ...Object.keys(unsupported)].map((kind) => ({ group, versions, kind })),
  translate(manifest, surroundings) {
    switch (manifest.id.kind) {
      case 'Mapping': return translateMapping(manifest, surroundings)
      case 'Host': return translateHost(manifest)
      case 'Listener': return translateListener(manifest, surroundings)
      default: return unsupportedKind(manifest)
    }
  },
  indexKeys(manifest) {
    switch (manifest.id.kind) {
      case 'Mapping': return mappingKeys(manifest)
      case 'Host': return idsOf(readHost(manifest).value?.ambassador_id).map(indexKey.hosts)
      case 'Listener': return idsOf(readListener(manifest).value?.ambassador_id).map(indexKey.listeners)
      default: return []
    }
  },
}

function mappingKeys(manifest: Manifest): readonly string[] {
  const { value: mapping } = readMapping(manifest)
  if (mapping === undefined) return []
  const clusters = isRedirect(mapping) ? [] : [indexKey.cluster(clusterNameOf(mapping))]
  return [...clusters, ...idsOf(mapping.spec.ambassador_id).flatMap((id) => [indexKey.mappings(id), indexKey.group(id, groupKey(mapping))])]
}

function unsupportedKind({ id }: Manifest): Translated {
  return translated({
    diagnostics: [finding('manifest/unsupported-kind', { object: id, path: ['kind'] }, { message: `kind ${id.kind} is not supported yet: ${unsupported[id.kind] ?? 'it has no effect'}` })],
  })
}
