import type { Endpoint, Protocol, Service, ServicePort } from '../../model/backend.ts'
import { portsWithClusters } from '../backend.ts'
import { anyAddress, blackHole, inboundPassThrough } from './intercepted.ts'
import type { InterceptedChain, InterceptionCluster, InterceptionPart } from './intercepted.ts'
import { boundAddress, boundPort } from './plan.ts'
import { ownServices } from './service-port.ts'
import type { Scope, ScopeKey } from '../../xds/scope.ts'

/** The port that iptables redirects inbound connections to. */
const inboundPort = 15_006

export interface InboundModel {
  readonly services: readonly Service[]
  /** The endpoints of a host; needed only for a service whose target port is a name. */
  readonly endpointsOf: (host: string) => readonly Endpoint[]
}

/**
 * The listener for what comes to the workload: a filter chain for each port of its own services; all else
 * passes through.
 */
export function planInbound(key: ScopeKey, scope: Scope, model: InboundModel): readonly InterceptionPart[] {
  const ports = workloadPorts(scope, model)
  const port = boundPort(scope, inboundPort)
  const origins = [...new Set(ports.map(({ service }) => service.origin))]
  return [
    {
      kind: 'listener',
      scope: key,
      origins,
      listener: {
        name: 'virtualInbound',
        direction: 'inbound',
        socket: 'takes',
        address: boundAddress(scope, anyAddress),
        port,
        chains: [
          // A connection to the listener's own port was not redirected: passed through, it would come back
          // for ever.
          { name: 'virtualInbound-blackhole', port, target: { kind: 'cluster', cluster: blackHole } },
          ...ports.flatMap(chainsOf),
        ],
        fallback: { kind: 'cluster', cluster: inboundPassThrough },
      },
    },
    {
      kind: 'cluster',
      scope: key,
      origins: [],
      cluster: { name: inboundPassThrough, kind: 'inbound', protocol: 'as-client' },
    },
    ...ports.map((each): InterceptionPart => ({
      kind: 'cluster',
      scope: key,
      origins: [each.service.origin],
      cluster: clusterOf(each),
    })),
  ]
}

interface WorkloadPort {
  /** The port that the workload listens on. */
  readonly number: number
  readonly service: Service
  readonly port: ServicePort
}

/** One service port for each port of the workload: the first by host. */
function workloadPorts(scope: Scope, { services, endpointsOf }: InboundModel): readonly WorkloadPort[] {
  const found = ownServices(scope, services).flatMap((service) =>
    portsWithClusters(service).flatMap((port) => {
      const number =
        port.targetPort ??
        endpointsOf(service.host)
          .map(({ ports }) => ports[port.number])
          .find((each) => each !== undefined)
      return number === undefined ? [] : [{ number, service, port }]
    }),
  )
  const byNumber = Map.groupBy(found, ({ number }) => number)
  return [...byNumber.values()].flatMap(([first]) => first ?? []).toSorted((a, b) => a.number - b.number)
}

function chainsOf({ number, service, port }: WorkloadPort): readonly InterceptedChain[] {
  const cluster = inboundCluster(number)
  const http = {
    kind: 'requests',
    cluster,
    virtualHost: `inbound|http|${port.number}`,
    operation: `${service.host}:${port.number}/*`,
  } as const
  const tcp = { kind: 'cluster', cluster } as const
  const chain = { name: `${anyAddress}_${number}`, port: number }
  switch (port.protocol) {
    case 'http1':
    case 'http2':
      return [{ ...chain, target: http }]
    case 'detect':
      return [
        { ...chain, name: `${chain.name}-http`, speaks: 'http', target: http },
        { ...chain, target: tcp },
      ]
    case 'tcp':
    case 'tls':
    case 'udp':
      return [{ ...chain, target: tcp }]
  }
}

const spoken: Readonly<Record<Protocol, InterceptionCluster['protocol']>> = {
  http1: 'http1',
  http2: 'http2',
  detect: 'as-client',
  tcp: 'http1',
  tls: 'http1',
  udp: 'http1',
}

function clusterOf({ number, port }: WorkloadPort): InterceptionCluster {
  return { name: inboundCluster(number), kind: 'inbound', protocol: spoken[port.protocol] }
}

function inboundCluster(port: number): string {
  return `inbound|${port}||`
}
