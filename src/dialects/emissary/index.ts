import type { Manifest } from '../../manifest/manifest.ts'
import { finding } from '../../diagnostics/finding.ts'
import { translated } from '../dialect.ts'
import type { Dialect, Reader, Translated } from '../dialect.ts'
import { unsplit } from '../reading/unsplit.ts'
import { idsOf } from './ambassador-id.ts'
import { configAnnotationFindings } from './config-annotation.ts'
import { clusterNameOf } from './cluster-name.ts'
import { groupKey } from './mapping/group-key.ts'
import { readHost, translateHost } from './host.ts'
import { indexKey } from './index-key.ts'
import { readListener } from './listener.ts'
import { isRedirect, readMapping } from './mapping/mapping.ts'
import { divergences } from './portability.ts'
import { translateListener } from './server.ts'
import { translateMapping } from './mapping/translate-mapping.ts'

const group = 'getambassador.io'
const versions = ['v3alpha1', 'v2', 'v1']

/** Kinds that have no effect here yet. */
const unsupported: Readonly<Record<string, string>> = {
  TCPMapping: 'TCP connections are not routed',
  TLSContext: 'TLS goes by the tlsSecret of a Host and by https:// in the service of a Mapping',
  Module: 'its settings have no effect',
  RateLimitService: 'requests are not limited',
  LogService: 'requests are not logged there',
  TracingService: 'requests are not traced',
  DevPortal: 'there is no developer portal',
  ConsulResolver: 'services are found as Kubernetes Services, and by DNS',
  KubernetesServiceResolver: 'services are found as Kubernetes Services, and by DNS',
}

/** Kinds that say how services are found, which is as here: by their endpoints. */
const asHere = ['KubernetesEndpointResolver']

/** Kinds that keep requests out, or would. */
const protections: Readonly<Record<string, string>> = {
  AuthService: 'an AuthService is not asked: requests pass without its consent',
  FilterPolicy: 'the filters of a FilterPolicy are not supported: requests pass without them',
}

const readers: Readonly<Record<string, Reader>> = {
  Mapping: unsplit(translateMapping),
  Host: unsplit(translateHost),
  Listener: unsplit(translateListener),
  KubernetesEndpointResolver: unsplit(() => translated({})),
}

const unsupportedReader = unsplit(unsupportedKind)

/** Emissary-ingress, once Ambassador. */
export const emissary: Dialect = {
  name: 'emissary',
  divergences,
  annotationFindings: configAnnotationFindings,
  kinds: [
    'Mapping',
    'Host',
    'Listener',
    ...Object.keys(unsupported),
    ...asHere,
    ...Object.keys(protections),
  ].map((kind) => ({ group, versions, kind, formerly: [`Ambassador${kind}`] })),
  reader: ({ id }) => readers[id.kind] ?? unsupportedReader,
  indexKeys(manifest) {
    switch (manifest.id.kind) {
      case 'Mapping':
        return mappingKeys(manifest)
      case 'Host':
        return idsOf(readHost(manifest).value?.ambassador_id).map(indexKey.hosts)
      case 'Listener':
        return idsOf(readListener(manifest).value?.ambassador_id).map(indexKey.listeners)
      default:
        return []
    }
  },
}

function mappingKeys(manifest: Manifest): readonly string[] {
  const { value: mapping } = readMapping(manifest)
  if (mapping === undefined) return []
  const clusters =
    isRedirect(mapping) || mapping.rejected !== undefined ? [] : [indexKey.cluster(clusterNameOf(mapping))]
  return [
    ...clusters,
    ...idsOf(mapping.spec.ambassador_id).flatMap((id) => [
      indexKey.mappings(id),
      indexKey.group(id, groupKey(mapping)),
    ]),
  ]
}

function unsupportedKind({ id }: Manifest): Translated {
  const protection = protections[id.kind]
  if (protection !== undefined) {
    return translated({
      diagnostics: [
        finding(
          'route/unprotected',
          { object: id, path: ['kind'] },
          {
            message: protection,
            hint: 'restrict access to these proxies in another way, or serve them by Emissary',
          },
        ),
      ],
    })
  }
  return translated({
    diagnostics: [
      finding(
        'manifest/unsupported-kind',
        { object: id, path: ['kind'] },
        { message: `kind ${id.kind} is not supported yet: ${unsupported[id.kind] ?? 'it has no effect'}` },
      ),
    ],
  })
}
