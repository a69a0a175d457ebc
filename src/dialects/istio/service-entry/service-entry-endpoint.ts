import { isIP } from 'node:net'
import type { EndpointSet } from '../../../model/backend.ts'
import type { ObjectLookup } from '../../dialect.ts'
import type { Report } from '../../reading/report.ts'
import { portsOf } from './service-entry-spec.ts'
import type { Spec } from './service-entry-spec.ts'
import { endpointOf } from './workload.ts'
import type { Workload } from './workload.ts'
import { selectedWorkloads } from './workload-selector.ts'

export interface EndpointQuestion {
  readonly report: Report
  readonly value: Spec
  readonly hosts: readonly string[]
  readonly lookup: ObjectLookup
}

/**
 * The endpoints of each host: those that are listed, those that are selected, or the host itself, to be
 * resolved.
 */
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
    report.refuse('field/required', path, { message: `endpoints[${index}].address is required` })
    return false
  }
  if (resolution === 'STATIC' && isIP(address) === 0 && !address.startsWith('unix://')) {
    report.refuse('field/invalid-value', path, {
      message: `address is ${JSON.stringify(address)}, must be an IP address with resolution STATIC`,
      hint: 'for a host name, use resolution: DNS',
    })
    return false
  }
  if (resolution !== 'STATIC' && address.startsWith('unix://')) {
    report.refuse('field/invalid-value', path, {
      message:
        `address is ${JSON.stringify(address)}, which is not resolved: a Unix socket needs ` +
        `resolution STATIC`,
    })
    return false
  }
  return true
}
