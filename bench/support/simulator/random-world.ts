import { stringify } from 'yaml'
import { destinationHosts, meshHosts } from './random-configuration.ts'
import type { RandomConfiguration } from './random-configuration.ts'

/** Ports of the backends, one for each destination that the answer must identify. */
export interface BackendPorts {
  /** Ports of d0's subsets. */
  readonly v1: number
  readonly v2: number
  /** Ports of d1, d2, d3. */
  readonly others: readonly number[]
  /** Port of the services of mesh configurations. */
  readonly own: number
}

type Document = Readonly<Record<string, unknown>>

/** All configurations, and the services that they send requests and copies to, as YAML. */
export function worldOf(configurations: readonly RandomConfiguration[], ports: BackendPorts): string {
  return [...destinations(ports), ...configurations.flatMap((each) => documentsOf(each, ports))]
    .map((document) => stringify(document))
    .join('---\n')
}

function destinations({ v1, v2, others }: BackendPorts): readonly Document[] {
  const [d0, ...defined] = destinationHosts.slice(0, 4)
  return [
    serviceEntry(d0 ?? '', 80, [endpoint(v1, { version: 'v1' }), endpoint(v2, { version: 'v2' })]),
    ...defined.map((host, index) => serviceEntry(host, 80, [endpoint(others[index] ?? 0)])),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'down', namespace: 'default' },
      spec: { ports: [{ name: 'http', port: 80 }] },
    },
    object('DestinationRule', 'd0', {
      host: d0,
      subsets: ['v1', 'v2'].map((version) => ({ name: version, labels: { version } })),
    }),
  ]
}

function documentsOf(
  { role, port, virtualServices }: RandomConfiguration,
  { own }: BackendPorts,
): readonly Document[] {
  const around =
    role === 'gateway'
      ? [gateway(port)]
      : meshHosts(port).map((host) => serviceEntry(host, port, [endpoint(own)]))
  return [
    ...around,
    ...virtualServices.map(({ hosts, rules }, index) =>
      object('VirtualService', `c${port}-${index}`, {
        hosts,
        gateways: role === 'gateway' ? [`c${port}`] : ['mesh'],
        http: rules,
      }),
    ),
  ]
}

function gateway(port: number): Document {
  return object('Gateway', `c${port}`, {
    selector: { random: 'yes' },
    servers: [{ port: { number: port, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }],
  })
}

function serviceEntry(host: string, port: number, endpoints: readonly Document[]): Document {
  return object('ServiceEntry', host.replaceAll('.', '-'), {
    hosts: [host],
    ports: [{ number: port, name: 'http', protocol: 'HTTP' }],
    resolution: 'STATIC',
    location: 'MESH_EXTERNAL',
    endpoints,
  })
}

function endpoint(port: number, labels: Readonly<Record<string, string>> = {}): Document {
  return { address: '127.0.0.1', ports: { http: port }, labels }
}

function object(kind: string, name: string, spec: Document): Document {
  return { apiVersion: 'networking.istio.io/v1', kind, metadata: { name, namespace: 'default' }, spec }
}
