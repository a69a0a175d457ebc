import type { Discovery } from '../model/backend.ts'
import type { FoundBackend } from './backend.ts'
import type { EndpointTarget } from './resolved.ts'

/** Whose endpoints requests to a backend go to; undefined where they are not found as endpoints. */
export function endpointTarget(
  { service, host, port, labels }: FoundBackend,
  discovery: Discovery,
): EndpointTarget | undefined {
  const source = service.endpointsOf?.[port]
  return discovery === 'endpoints'
    ? { host, port, ...source, labels: { ...source?.labels, ...labels } }
    : undefined
}
