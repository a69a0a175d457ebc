import type { Service, ServicePort } from '../../model/backend.ts'
import { anyAddress } from './intercepted.ts'
import { isDetected, isOpaque } from './service-port.ts'

/** The virtual addresses on which a port has a listener of its own. */
export type AddressesOf = (service: Service, port: ServicePort) => readonly string[]

/**
 * With interception, a port that is not HTTP, or may not be, is identified by the virtual addresses of its
 * service. The first of several services on one address and port gets it, because Envoy rejects a duplicate
 * listener.
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

/** Whether connections to the port are distinguished by address instead of by the Host of a request. */
function isApart(port: ServicePort): boolean {
  return isOpaque(port) || isDetected(port)
}
