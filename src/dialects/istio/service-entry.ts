import { isIP } from 'node:net'
import { z } from 'zod'
import { decode } from '../../manifest/decode.ts'
import { message, parts } from '../../manifest/message.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import type { Discovery, EndpointSet, Protocol, Service } from '../../model/backend.ts'
import { translated } from '../dialect.ts'
import type { Surroundings, Translated } from '../dialect.ts'
import { aliasesOf } from '../kubernetes/host.ts'
import { protocolOf } from '../kubernetes/protocol.ts'
import { visibilityOf } from './export-to.ts'
import { noteUnsupported, reportOn } from './report.ts'
import type { Report } from './report.ts'
import { endpointOf, selectedWorkloads, workload } from './workload.ts'

const port = message({
  number: z.number().int().min(1).max(65535),
  name: z.string().min(1),
  protocol: z.string().optional(),
  targetPort: z.number().int().min(1).max(65535).optional(),
})

const spec = message({
  hosts: z.array(z.string().min(1)).refine((hosts) => hosts.length > 0, { message: 'is empty, must name a host' }),
  addresses: z.array(z.string()).optional(),
  ports: z.array(port).optional(),
  location: z.enum(['MESH_EXTERNAL', 'MESH_INTERNAL']).optional(),
  resolution: z.enum(['NONE', 'STATIC', 'DNS', 'DNS_ROUND_ROBIN', 'DYNAMIC_DNS']).optional(),
  endpoints: parts(workload).optional(),
  workloadSelector: message({ labels: z.record(z.string(), z.string()).optional() }).optional(),
  exportTo: z.array(z.string()).optional(),
  subjectAltNames: z.array(z.string()).optional(),
})

type Spec = z.infer<typeof spec>
export type EntryPort = z.infer<typeof port>

const discoveries: Readonly<Record<NonNullable<Spec['resolution']>, Discovery>> = {
  NONE: 'original-destination', STATIC: 'endpoints', DNS: 'strict-dns', DNS_ROUND_ROBIN: 'logical-dns', DYNAMIC_DNS: 'original-destination',
}

/** A networking.istio.io ServiceEntry: each of its hosts is a service. */
export function translateServiceEntry(manifest: Manifest, surroundings: Surroundings): Translated {
  const { value, diagnostics, refused } = decode({ manifest, path: ['spec'], schema: spec, parts: ['endpoints.*'] })
  if (value === undefined) return translated({ diagnostics, refused })
  const report = reportOn(manifest)
  noteUnsupported(report, { path: ['spec'], value }, ['subjectAltNames'])
  const unsupported = value.resolution === 'DYNAMIC_DNS'
  if (unsupported) report.note('field/unsupported', ['spec', 'resolution'], { message: 'resolution DYNAMIC_DNS is not supported yet: the hosts are not served' })
  const hosts = unsupported ? [] : value.hosts.map((host) => host.toLowerCase())
  const services = hosts.map((host) => serviceOf({ manifest, value, host, domain: surroundings.settings.domain }))
  const endpoints = hosts.flatMap((host) => endpointsOf({ report, value, host, surroundings }))
  return translated({ services, endpoints, diagnostics: [...diagnostics, ...report.diagnostics], refused: refused || report.refused })
}

function serviceOf({ manifest, value, host, domain }: { manifest: Manifest, value: Spec, host: string, domain: string }): Service {
  return {
    host,
    name: host,
    namespace: manifest.id.namespace,
    ports: (value.ports ?? []).map((each) => ({
      number: each.number, name: each.name, protocol: declaredProtocol(each), targetPort: each.targetPort,
    })),
    discovery: discoveries[value.resolution ?? 'NONE'],
    aliases: aliasesOf(host, domain),
    addresses: (value.addresses ?? []).filter((address) => isIP(address) !== 0),
    external: (value.location ?? 'MESH_EXTERNAL') === 'MESH_EXTERNAL',
    selector: undefined,
    externalName: undefined,
    visibility: visibilityOf(value.exportTo, manifest.id.namespace),
    origin: { object: manifest.id, path: ['spec'] },
  }
}

function declaredProtocol({ name, protocol }: EntryPort): Protocol {
  const declared = protocol ?? ''
  return declared === '' ? protocolOf({ name }) : protocolOf({ appProtocol: declared, protocol: declared, name: declared })
}

interface EndpointQuestion {
  readonly report: Report
  readonly value: Spec
  readonly host: string
  readonly surroundings: Surroundings
}

function endpointsOf({ report, value, host, surroundings }: EndpointQuestion): readonly EndpointSet[] {
  const { manifest } = report
  const ports = value.ports ?? []
  if (value.workloadSelector !== undefined) {
    const selected = selectedWorkloads(value.workloadSelector.labels ?? {}, manifest.id.namespace, surroundings)
    return [{ host, endpoints: selected.map((each) => endpointOf(each, ports)), origin: { object: manifest.id, path: ['spec', 'workloadSelector'] } }]
  }
  const byName = value.resolution === 'DNS' || value.resolution === 'DNS_ROUND_ROBIN'
  const declared = (value.endpoints ?? []).flatMap((each, index) => {
    if (each === undefined) return []
    if (value.resolution === 'STATIC' && isIP(each.address ?? '') === 0) {
      report.refuse('field/invalid-value', ['spec', 'endpoints', index, 'address'], {
        message: `address is ${JSON.stringify(each.address ?? '')}, must be an IP address with resolution STATIC`,
        hint: 'for a host name, use resolution: DNS',
      })
      return []
    }
    if (byName && (each.address ?? '') === '') {
      report.refuse('field/required', ['spec', 'endpoints', index, 'address'], { message: `endpoints[${index}].address is required` })
      return []
    }
    return [endpointOf(each, ports)]
  })
  const endpoints = declared.length === 0 && byName && (value.endpoints ?? []).length === 0 ? [endpointOf({ address: host }, ports)] : declared
  return [{ host, endpoints, origin: { object: manifest.id, path: ['spec', 'endpoints'] } }]
}
