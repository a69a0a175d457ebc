import type { Service } from '../model/backend.ts'
import type { Scope } from '../xds/scope.ts'
import { ownServices } from './own-services.ts'

/**
 * A Gateway names the ports of the gateway's own Service; its pods listen on the target ports. Without such a Service the
 * port is what it says.
 */
export function gatewayTargetPort(scope: Scope, services: () => readonly Service[]): (port: number) => number {
  if (Object.keys(scope.labels).length === 0) return (port) => port
  const own = ownServices(scope, services())
  return (number) => own.flatMap((service) => service.ports).find((port) => port.number === number)?.targetPort ?? number
}
