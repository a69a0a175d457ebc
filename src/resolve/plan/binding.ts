import type { Scope } from '../../xds/scope.ts'

/**
 * The address that a listener binds to: what the proxy itself says of its addresses counts before the
 * configuration.
 */
export function boundAddress({ bindAddress }: Scope, address: string): string {
  return bindAddress === '' ? address : bindAddress
}

/** The port that a listener binds to where the proxy has another one for it. */
export function boundPort({ portMap }: Scope, port: number): number {
  return portMap[port] ?? port
}
