import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import { below, finding } from '../../diagnostics/finding.ts'
import type { BackendReference } from '../../model/backend.ts'
import { portsWithClusters } from '../backend.ts'
import type { Listening, ResolvedBackend } from '../backend.ts'

/**
 * Says of a destination without a port, on a gateway, that its host has several: the port of the gateway's
 * listener decides. (On a sidecar that is what is meant: a request to port 9090 of one host goes to port 9090
 * of the other.)
 */
export function ambiguousPort(
  code: 'route/ambiguous-port' | 'mirror/ambiguous-port',
  reference: BackendReference,
  listening: Listening & { readonly backend: ResolvedBackend },
): readonly Diagnostic[] {
  const { backend, sight } = listening
  if (sight.scope.role !== 'gateway' || reference.port !== undefined || backend.kind !== 'found') return []
  const ports = portsWithClusters(backend.service).map(({ number }) => number)
  if (ports.length < 2) return []
  return [
    finding(code, below(reference.origin, 'host'), {
      message:
        `${backend.host} has the ports ${ports.join(', ')} and none is named: gateways take the ` +
        `port of their own listener, here ${listening.port}`,
      hint: `write port: {number: ${ports.join(' or ')}}`,
    }),
  ]
}
