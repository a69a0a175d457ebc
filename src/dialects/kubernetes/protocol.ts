import type { Protocol } from '../../model/backend.ts'

const byName: Readonly<Record<string, Protocol>> = {
  http: 'http1', 'grpc-web': 'http1',
  http2: 'http2', h2c: 'http2', grpc: 'http2',
  https: 'tls', tls: 'tls',
  tcp: 'tcp', mongo: 'tcp', mysql: 'tcp', redis: 'tcp', udp: 'udp',
}

const byAppProtocol: Readonly<Record<string, Protocol>> = {
  ...byName,
  'kubernetes.io/h2c': 'http2',
  'kubernetes.io/ws': 'http1',
  'kubernetes.io/wss': 'tls',
}

/**
 * Protocol of a port: what `appProtocol` declares, else what the port's name begins with (`http-admin`), else
 * to be detected. Follows Istio's "Protocol Selection", which the other meshes share.
 */
export function protocolOf(port: { readonly name?: string | undefined; readonly appProtocol?: string | undefined; readonly protocol?: string | undefined }): Protocol {
  if (port.protocol?.toUpperCase() === 'UDP') return 'udp'
  const declared = port.appProtocol?.toLowerCase()
  if (declared !== undefined && byAppProtocol[declared] !== undefined) return byAppProtocol[declared]
  const name = port.name?.toLowerCase() ?? ''
  if (name === 'grpc-web' || name.startsWith('grpc-web-')) return 'http1'
  return byName[name.split('-', 1)[0] ?? ''] ?? 'detect'
}
