import { isIP } from 'node:net'
import { z } from 'zod'
import { decode } from '../../../manifest/decode.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import type { Discovery, Service, EndpointSet } from '../../../model/backend.ts'
import { translated } from '../../dialect.ts'
import type { ObjectLookup, Translated } from '../../dialect.ts'
import { aliasesOf } from '../../kubernetes/host.ts'
import { namedProtocol } from '../../kubernetes/protocol.ts'
import { visibilityOf } from '../export-to.ts'
import { reportOn } from '../../reading/report.ts'
import { portsOf, spec, withoutFullMask } from './service-entry-spec.ts'
import type { Spec } from './service-entry-spec.ts'
import type { Report } from '../../reading/report.ts'
import { endpointOf, ownLabels, workloadEntryReader } from './workload.ts'
import type { Workload } from './workload.ts'
import type { Labels } from '../../../model/labels.ts'
import { hasLabels } from '../../../model/labels.ts'

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

/**
 * The entry without the fields that its resolution forbids, each reported at its place; undefined if none of
 * its hosts can be served.
 */
function checkServiceEntry(value: Spec, report: Report): Spec | undefined {
  if (value.resolution === 'DYNAMIC_DNS') {
    report.note('field/unsupported', ['spec', 'resolution'], {
      message: 'resolution DYNAMIC_DNS is not supported yet: the hosts are not served',
      hint: 'write an entry with resolution DNS for each host',
    })
    return undefined
  }
  checkAddresses(value, report)
  checkPorts(value, report)
  return isResolvable(value, report) ? checkEndpoints(value, report) : undefined
}

function checkAddresses({ addresses = [], resolution = 'NONE' }: Spec, report: Report): void {
  addresses.forEach((written, index) => {
    const path = ['spec', 'addresses', index]
    const address = withoutFullMask(written)
    if (isIP(address) !== 0) return
    const [base = '', bits = ''] = address.split('/')
    if (isIP(base) === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (isIP(base) === 4 ? 32 : 128)) {
      report.reject('field/invalid-value', path, {
        message:
          `addresses[${index}] is ${JSON.stringify(written)}, must be an IP address, or a range ` +
          `such as 10.1.0.0/16`,
      })
    } else if (resolution !== 'NONE' && resolution !== 'STATIC') {
      report.reject('field/invalid-value', path, {
        message:
          `addresses[${index}] is ${JSON.stringify(written)}: a range is allowed with resolution ` +
          `NONE or STATIC, here it is ${resolution}`,
      })
    } else {
      report.note('field/unsupported', path, {
        message:
          `addresses[${index}] is the range ${written}: it has no effect, as routes find a service ` +
          `by the Host of a request, which is never a range`,
      })
    }
  })
}

function checkPorts(value: Spec, report: Report): void {
  const numbers = new Set<number>()
  const names = new Set<string>()
  for (const [index, port] of (value.ports ?? []).entries()) {
    if (port === undefined) continue
    if (numbers.has(port.number))
      report.reject('field/invalid-value', ['spec', 'ports', index, 'number'], {
        message: `ports[${index}].number is ${port.number}, which an earlier port has`,
      })
    if (names.has(port.name))
      report.reject('field/invalid-value', ['spec', 'ports', index, 'name'], {
        message: `ports[${index}].name is "${port.name}", which an earlier port has`,
      })
    numbers.add(port.number)
    names.add(port.name)
  }
}

/** A name that is resolved must be one, and not a pattern. */
function isResolvable({ hosts, resolution, endpoints, workloadSelector }: Spec, report: Report): boolean {
  if (
    (resolution !== 'DNS' && resolution !== 'DNS_ROUND_ROBIN') ||
    (endpoints ?? []).length > 0 ||
    workloadSelector !== undefined
  )
    return true
  const wild = hosts.findIndex((host) => host.startsWith('*'))
  if (wild === -1) return true
  report.reject('field/invalid-value', ['spec', 'hosts', wild], {
    message: `hosts[${wild}] is ${hosts[wild] ?? ''}, which no DNS server resolves`,
    hint: 'name the hosts to resolve in endpoints',
  })
  return hosts.length > 1
}

function checkEndpoints(value: Spec, report: Report): Spec {
  const { endpoints = [], resolution = 'NONE', workloadSelector } = value
  const without = (message: string, hint: string): Spec => {
    report.reject('field/invalid-value', ['spec', 'endpoints'], { message, hint })
    return { ...value, endpoints: undefined }
  }
  if (endpoints.length > 0 && workloadSelector !== undefined)
    return without('endpoints and workloadSelector exclude each other', 'keep one of them')
  if (endpoints.length > 0 && resolution === 'NONE')
    return without(
      'endpoints have no effect with resolution NONE, which sends requests to their original destination',
      'write resolution: STATIC for addresses, or DNS for names',
    )
  if (endpoints.length > 1 && resolution === 'DNS_ROUND_ROBIN') {
    report.reject('field/invalid-value', ['spec', 'endpoints', 1], {
      message: 'endpoints has more than one element, and resolution DNS_ROUND_ROBIN takes one',
      hint: 'write resolution: DNS',
    })
    return { ...value, endpoints: endpoints.slice(0, 1) }
  }
  const names = new Set(portsOf(value).map(({ name }) => name))
  endpoints.forEach((each, index) => {
    for (const name of Object.keys(each?.ports ?? {})) {
      if (!names.has(name))
        report.reject('field/invalid-value', ['spec', 'endpoints', index, 'ports', name], {
          message: `endpoints[${index}].ports names ${name}, and the entry has no port of that name`,
        })
    }
  })
  return value
}

interface EndpointQuestion {
  readonly report: Report
  readonly value: Spec
  readonly hosts: readonly string[]
  readonly lookup: ObjectLookup
}

/** The endpoints of each host: the listed ones, the selected ones, or the host itself, to be resolved. */
function endpointsOf({ report, value, hosts, lookup }: EndpointQuestion): readonly EndpointSet[] {
  const { id } = report.manifest
  const ports = portsOf(value)
  if (value.workloadSelector !== undefined) {
    const endpoints = selectedWorkloads(value.workloadSelector.labels ?? {}, id.namespace, lookup).map(
      (each) => endpointOf(each, ports),
    )
    return hosts.map((host) => ({
      host,
      endpoints,
      origin: { object: id, path: ['spec', 'workloadSelector'] },
    }))
  }
  const origin = { object: id, path: ['spec', 'endpoints'] }
  const listed = (value.endpoints ?? []).filter(
    (each, index) => each !== undefined && isUsable(each, index, { report, resolution: value.resolution }),
  )
  const endpoints = listed.flatMap((each) => (each === undefined ? [] : [endpointOf(each, ports)]))
  const isResolved = value.resolution === 'DNS' || value.resolution === 'DNS_ROUND_ROBIN'
  return hosts.map((host) => ({
    host,
    origin,
    endpoints:
      isResolved && (value.endpoints ?? []).length === 0 ? [endpointOf({ address: host }, ports)] : endpoints,
  }))
}

interface ResolvedBy {
  readonly report: Report
  readonly resolution: Spec['resolution']
}

function isUsable(
  { address = '', network }: Workload,
  index: number,
  { report, resolution }: ResolvedBy,
): boolean {
  const path = ['spec', 'endpoints', index, 'address']
  if (address === '' && network !== undefined) {
    report.note('field/unsupported', ['spec', 'endpoints', index, 'network'], {
      message:
        `endpoints[${index}] has a network and no address: networks and their gateways are not ` +
        `supported, it is left out`,
    })
    return false
  }
  if (address === '') {
    report.reject('field/required', path, { message: `endpoints[${index}].address is required` })
    return false
  }
  if (resolution === 'STATIC' && isIP(address) === 0 && !address.startsWith('unix://')) {
    report.reject('field/invalid-value', path, {
      message: `address is ${JSON.stringify(address)}, must be an IP address with resolution STATIC`,
      hint: 'for a host name, use resolution: DNS',
    })
    return false
  }
  if (resolution !== 'STATIC' && address.startsWith('unix://')) {
    report.reject('field/invalid-value', path, {
      message:
        `address is ${JSON.stringify(address)}, which is not resolved: a Unix socket needs ` +
        `resolution STATIC`,
    })
    return false
  }
  return true
}

/** WorkloadEntries and Pods of the namespace with all of the labels, sorted by kind and name. */
function selectedWorkloads(labels: Labels, namespace: string, lookup: ObjectLookup): readonly Workload[] {
  const entries = lookup
    .manifestsOf({ group: 'networking.istio.io', kind: 'WorkloadEntry' }, namespace)
    .flatMap((manifest) => {
      const value = lookup.value(workloadEntryReader, manifest.id)
      if (value === undefined || (value.address ?? '') === '') return []
      const own = ownLabels(manifest, value)
      return hasLabels(own, labels) ? [{ ...value, labels: own }] : []
    })
  const pods = lookup.manifestsOf({ group: '', kind: 'Pod' }, namespace).flatMap((manifest) => {
    const address = readyAddress(manifest)
    return address !== undefined && hasLabels(manifest.labels, labels)
      ? [{ address, labels: manifest.labels }]
      : []
  })
  return [...entries, ...pods]
}

const podStatus = z.looseObject({
  podIP: z.string().optional(),
  phase: z.string().optional(),
  conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).nullish(),
})

/** Undefined for a pod that has no address, has ended, or says that it is not ready. */
function readyAddress({ object }: Manifest): string | undefined {
  const status = podStatus.safeParse(object['status']).data
  if (status === undefined || isIP(status.podIP ?? '') === 0) return undefined
  const isOver = status.phase === 'Succeeded' || status.phase === 'Failed'
  const isUnready = (status.conditions ?? []).some(
    ({ type, status: value }) => type === 'Ready' && value !== 'True',
  )
  return isOver || isUnready ? undefined : status.podIP
}
