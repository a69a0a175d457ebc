import type { Dialect, Reader } from '../dialect.ts'
import { unsplit } from '../reading/unsplit.ts'
import { inRevision } from '../reading/revision.ts'
import { translateBackendTlsPolicy, unreadPolicyVersions } from './backend-tls-policy.ts'
import { gatewayApiGroup as group } from './constraint.ts'
import { translateGatewayClass } from './gateway/gateway-class.ts'
import { translateGateway } from './gateway/gateway.ts'
import { translateGrpcRoute } from './route/grpc-route.ts'
import { translateHttpRoute } from './route/http-route.ts'
import {
  implementationPolicies,
  isImplementationPolicy,
  translateImplementationPolicy,
} from './implementation-policy.ts'
import { divergences } from './portability.ts'
import { translateReferenceGrant } from './reference-grant.ts'
import { gatewayApiStatus } from './status.ts'

const readers: Readonly<Record<string, Reader>> = {
  GatewayClass: unsplit(translateGatewayClass),
  Gateway: unsplit(translateGateway),
  HTTPRoute: unsplit(translateHttpRoute),
  GRPCRoute: unsplit(translateGrpcRoute),
  ReferenceGrant: unsplit(translateReferenceGrant),
  BackendTLSPolicy: unsplit(translateBackendTlsPolicy),
}

const policy = unsplit(translateImplementationPolicy)

/** The Gateway API of Kubernetes: HTTP and gRPC, on gateways and in the mesh. */
export const gatewayApi: Dialect = {
  name: 'gateway-api',
  divergences,
  kinds: [
    ...['GatewayClass', 'Gateway', 'HTTPRoute'].map((kind) => ({
      group,
      versions: ['v1', 'v1beta1'],
      kind,
      status: 'conditions' as const,
    })),
    { group, versions: ['v1', 'v1beta1'], kind: 'ReferenceGrant' },
    { group, versions: ['v1', 'v1alpha2'], kind: 'GRPCRoute', status: 'conditions' },
    { group, versions: ['v1', 'v1alpha3', ...unreadPolicyVersions], kind: 'BackendTLSPolicy' },
    ...implementationPolicies,
  ],
  unread: ['TCPRoute', 'TLSRoute', 'UDPRoute'].map((kind) => ({ group, kind })),
  reader: (manifest) => (isImplementationPolicy(manifest) ? policy : (readers[manifest.id.kind] ?? policy)),
  inRevision,
  status: gatewayApiStatus,
}
