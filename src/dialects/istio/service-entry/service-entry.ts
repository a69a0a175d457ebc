import { isIP } from 'node:net'
import { decode } from '../../../manifest/decode.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import type { Discovery, Service } from '../../../model/backend.ts'
import { translated } from '../../dialect.ts'
import type { ObjectLookup, Translated } from '../../dialect.ts'
import { aliasesOf } from '../../kubernetes/host.ts'
import { namedProtocol } from '../../kubernetes/protocol.ts'
import { visibilityOf } from '../export-to.ts'
import { reportOn } from '../../reading/report.ts'
import { checkServiceEntry } from './service-entry-check.ts'
import { endpointsOf } from './service-entry-endpoint.ts'
import { portsOf, spec, withoutFullMask } from './service-entry-spec.ts'
import type { Spec } from './service-entry-spec.ts'

const discoveries: Readonly<Record<NonNullable<Spec['resolution']>, Discovery>> = {
  NONE: 'original-destination',
  STATIC: 'endpoints',
  DNS: 'strict-dns',
  DNS_ROUND_ROBIN: 'logical-dns',
  DYNAMIC_DNS: 'original-destination',
}

/** A networking.istio.io ServiceEntry: each of its hosts is a service. */
export function translateServiceEntry(manifest: Manifest, lookup: ObjectLookup): Translated {
  const { value, diagnostics, rejected } = decode({
    manifest,
    path: ['spec'],
    schema: spec,
    parts: ['endpoints.*', 'ports.*', 'exportTo', 'subjectAltNames', 'location'],
  })
  if (value === undefined) return translated({ diagnostics, rejected })
  const report = reportOn(manifest)
  const checked = checkServiceEntry(value, report)
  // A host without ports would still take virtual hosts away: it is as if it were not there.
  const isEmptied = rejected && portsOf(value).length === 0
  const hosts =
    checked === undefined || isEmptied ? [] : [...new Set(value.hosts.map((host) => host.toLowerCase()))]
  const services = hosts.map((host) => serviceOf({ manifest, value: checked ?? value, host, lookup }))
  const endpoints = endpointsOf({ report, value: checked ?? value, hosts, lookup })
  return translated({
    services,
    endpoints,
    diagnostics: [...diagnostics, ...report.diagnostics],
    rejected: rejected || report.rejected,
  })
}

interface HostOfEntry {
  readonly manifest: Manifest
  readonly value: Spec
  readonly host: string
  readonly lookup: ObjectLookup
}

function serviceOf({ manifest, value, host, lookup: { settings } }: HostOfEntry): Service {
  return {
    host,
    name: host,
    namespace: manifest.id.namespace,
    ports: portsOf(value).map((each) => ({
      number: each.number,
      name: each.name,
      protocol: namedProtocol(each.protocol ?? ''),
      targetPort: each.targetPort,
    })),
    discovery: discoveries[value.resolution ?? 'NONE'],
    aliases: aliasesOf(host, settings.domain),
    addresses: (value.addresses ?? []).map(withoutFullMask).filter((address) => isIP(address) !== 0),
    external: (value.location ?? 'MESH_EXTERNAL') === 'MESH_EXTERNAL',
    selector: undefined,
    externalName: undefined,
    ...(value.subjectAltNames === undefined || value.subjectAltNames.length === 0
      ? {}
      : { subjectAltNames: value.subjectAltNames }),
    visibility: visibilityOf(value.exportTo, manifest.id.namespace, settings.defaultExport.services),
    origin: { object: manifest.id, path: ['spec'] },
  }
}
