import type { Service, ServicePort } from '../../model/backend.ts'
import { anyAddress } from './intercepted.ts'
import { isDetected, isOpaque } from './service-port.ts'

/** The virtual addresses on which a port has a listener of its own. */
export type AddressesOf = (service: Service, port: ServicePort) => readonly string[]

/**
 * With interception, a port that is not HTTP, or may not be, is told from others by its service's virtual
 * addresses. Of several services on one address and port the first has it, as Envoy refuses a listener that
 * stands twice.
 */
export function claimAddresses(services: readonly Service[]): AddressesOf {
  const owners = new Map<string, string>()
  for (const { host, addresses, ports } of services) {
    for (const { number } of ports.filter(isApart)) {
      for (const key of addresses.map((address) => `${address}_${number}`))
        if (!owners.has(key)) owners.set(key, host)
    }
  }
  return ({ host, addresses }, port) =>
    !isApart(port)
      ? []
      : [...new Set(addresses)].filter(
          (address) => address !== anyAddress && owners.get(`${address}_${port.number}`) === host,
        )
}

/** Whether connections to the port are told apart by address, not by the Host of a request. */
function isApart(port: ServicePort): boolean {
  return isOpaque(port) || isDetected(port)
}
