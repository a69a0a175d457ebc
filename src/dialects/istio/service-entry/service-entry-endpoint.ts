import { isIP } from 'node:net'
import { z } from 'zod'
import type { ObjectLookup } from '../../dialect.ts'
import { portsOf } from './service-entry-spec.ts'
import type { Spec } from './service-entry-spec.ts'
import { endpointOf, ownLabels, workloadEntryReader } from './workload.ts'
import type { Workload } from './workload.ts'
import type { Report } from '../../reading/report.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import type { EndpointSet } from '../../../model/backend.ts'
import type { Labels } from '../../../model/labels.ts'
import { hasLabels } from '../../../model/labels.ts'

export interface EndpointQuestion {
  readonly report: Report
  readonly value: Spec
  readonly hosts: readonly string[]
  readonly lookup: ObjectLookup
}

/** The endpoints of each host: the listed ones, the selected ones, or the host itself, to be resolved. */
export function endpointsOf({ report, value, hosts, lookup }: EndpointQuestion): readonly EndpointSet[] {
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
