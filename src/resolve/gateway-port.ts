import type { Service } from '../model/backend.ts'
import type { Scope } from '../xds/scope.ts'

/**
 * A Gateway names the ports of the gateway's own Service; its pods listen on the target ports. Without such a Service the
 * port is what it says.
 */
export function gatewayTargetPort(scope: Scope, services: () => readonly Service[]): (port: number) => number {
  if (Object.keys(scope.labels).length === 0) return (port) => port
  const own = services().filter((service) => service.namespace === scope.namespace && selects(service, scope))
  return (number) => own.flatMap((service) => service.ports).find((port) => port.number === number)?.targetPort ?? number
}

function selects({ selector }: Service, { labels }: Scope): boolean {
  const wanted = Object.entries(selector ?? {})
  return wanted.length > 0 && wanted.every(([name, value]) => labels[name] === value)
}
