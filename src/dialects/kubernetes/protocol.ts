import type { Protocol } from '../../model/backend.ts'

const byName: Readonly<Record<string, Protocol>> = {
  http: 'http1',
  http_proxy: 'http1',
  http2: 'http2',
  h2c: 'http2',
  grpc: 'http2',
  'grpc-web': 'http2',
  https: 'tls',
  tls: 'tls',
  tcp: 'tcp',
  mongo: 'tcp',
  mysql: 'tcp',
  redis: 'tcp',
  udp: 'udp',
}

/** Kubernetes' own names, of its field appProtocol alone. */
const byAppProtocol: Readonly<Record<string, Protocol>> = {
  'kubernetes.io/h2c': 'http2',
  'kubernetes.io/ws': 'http1',
  'kubernetes.io/wss': 'tls',
}

/**
 * SMTP, DNS, MySQL and MongoDB: their servers speak first, or clients that are not HTTP's wait, so nothing is
 * detected there.
 */
const opaquePorts = [25, 53, 3306, 27017]

export interface DeclaredPort {
  readonly port?: number | undefined
  readonly name?: string | undefined
  readonly appProtocol?: string | undefined
  readonly protocol?: string | undefined
}

/**
 * The protocol of a Service's port: its `appProtocol`, and only if that is absent the beginning of the port's
 * name (`http-admin`); otherwise it is detected. Follows Istio's "Protocol Selection", which the other meshes
 * share.
 */
export function protocolOf({ port, name, appProtocol, protocol }: DeclaredPort): Protocol {
  if (protocol?.toUpperCase() === 'UDP') return 'udp'
  const declared = (appProtocol ?? name ?? '').toLowerCase()
  const standard = appProtocol === undefined ? undefined : byAppProtocol[declared]
  const prefix = declared.startsWith('grpc-web') ? 'grpc-web' : (declared.split('-', 1)[0] ?? '')
  return standard ?? byName[prefix] ?? (port !== undefined && opaquePorts.includes(port) ? 'tcp' : 'detect')
}

/** The protocol that a word names, in any case of letters; detected if it names none. */
export function namedProtocol(word: string): Protocol {
  return byName[word.toLowerCase()] ?? 'detect'
}
