import { isIP } from 'node:net'
import type { Report } from '../../reading/report.ts'
import { portsOf, withoutFullMask } from './service-entry-spec.ts'
import type { Spec } from './service-entry-spec.ts'

/**
 * The entry without the fields that its resolution forbids, each reported at its place; undefined if none of
 * its hosts can be served.
 */
export function checkServiceEntry(value: Spec, report: Report): Spec | undefined {
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
