import type { Service, ServicePort } from '../../model/backend.ts'
import { clusterName } from '../../model/names.ts'
import type { OutsideTraffic } from '../../model/settings.ts'
import { planInbound } from './inbound.ts'
import type { InboundModel } from './inbound.ts'
import { anyAddress, blackHole, passThrough } from './intercepted.ts'
import type {
  ConnectionTarget,
  InterceptedChain,
  InterceptedListener,
  InterceptionPart,
} from './intercepted.ts'
import { boundAddress, boundPort, claimDomains } from './plan.ts'
import { aliasDomains, isOpaque, needsSharedRoutes } from './service-port.ts'
import { claimAddresses } from './virtual-address.ts'
import type { Scope, ScopeKey } from '../../xds/scope.ts'

/** The port that iptables redirects outbound connections to. */
const outboundPort = 15_001

export interface InterceptionModel extends InboundModel {
  /** The services that the scope sees, one for each host, sorted by host. */
  readonly visible: readonly Service[]
  readonly outside: OutsideTraffic
}

/** The additional listeners and clusters of a sidecar with interception. */
export function planInterception(
  key: ScopeKey,
  scope: Scope,
  model: InterceptionModel,
): readonly InterceptionPart[] {
  const addressesOf = claimAddresses(model.visible)
  return [
    { kind: 'listener', scope: key, origins: [], listener: virtualOutbound(scope, model.outside) },
    ...[passThrough, blackHole].map((name): InterceptionPart => ({
      kind: 'cluster',
      scope: key,
      origins: [],
      cluster: { name, kind: name === passThrough ? 'pass-through' : 'refuse', protocol: 'as-client' },
    })),
    ...planInbound(key, scope, model),
    ...model.visible.flatMap((service) =>
      service.ports.filter(isOpaque).flatMap((port) =>
        addressesOf(service, port).map((address): InterceptionPart => ({
          kind: 'listener',
          scope: key,
          origins: [service.origin],
          listener: opaqueListener(service, port, address),
        })),
      ),
    ),
    ...withoutAddress(model).map((port): InterceptionPart => ({
      kind: 'listener',
      scope: key,
      origins: model.visible
        .filter((service) => service.ports.some(({ number }) => number === port))
        .map(({ origin }) => origin),
      listener: sharedListener({ ...model, scope, port }),
    })),
  ]
}

function virtualOutbound(scope: Scope, outside: OutsideTraffic): InterceptedListener {
  const port = boundPort(scope, outboundPort)
  return {
    name: 'virtualOutbound',
    direction: 'outbound',
    socket: 'hands-over',
    address: boundAddress(scope, anyAddress),
    port,
    // A connection to the listener's own port was not redirected: passed through, it would come back for
    // ever.
    chains: [{ name: 'virtualOutbound-trap', port, target: { kind: 'cluster', cluster: blackHole } }],
    fallback: outsideTarget(outside),
  }
}

function outsideTarget(outside: OutsideTraffic): ConnectionTarget {
  return { kind: 'cluster', cluster: outside === 'allow' ? passThrough : blackHole }
}

function opaqueListener(
  service: Service,
  { number: port }: ServicePort,
  address: string,
): InterceptedListener {
  return {
    name: `${address}_${port}`,
    direction: 'outbound',
    address,
    port,
    socket: 'none',
    chains: [],
    fallback: { kind: 'cluster', cluster: clusterName(port, undefined, service.host) },
  }
}

/** Ports that no route configuration is for, but on which services without a virtual address are reached. */
function withoutAddress({ visible }: InterceptionModel): readonly number[] {
  const opaque = visible
    .filter(({ addresses }) => addresses.length === 0)
    .flatMap(({ ports }) => ports.filter(isOpaque))
    .map(({ number }) => number)
  return [...new Set(opaque)].filter((port) => !needsSharedRoutes(port, visible)).toSorted((a, b) => a - b)
}

export interface SharedPort extends Pick<InterceptionModel, 'visible' | 'outside'> {
  readonly scope: Scope
  readonly port: number
  /** Present if there are HTTP services on the port. */
  readonly routeConfiguration?: string
}

/**
 * The listener of a port for every address without a listener of its own. HTTP takes the routes of the port,
 * TLS is routed by server name. The rest goes to the only service without an address, or to the original
 * destination if there are several.
 */
export function sharedListener({
  visible,
  outside,
  scope,
  port,
  routeConfiguration,
}: SharedPort): InterceptedListener {
  const name = `${anyAddress}_${port}`
  const addressless = visible.filter(({ addresses }) => addresses.length === 0)
  const opaque = addressless.filter(({ ports }) =>
    ports.some(({ number, protocol }) => number === port && (protocol === 'tcp' || protocol === 'detect')),
  )
  const [only, ...more] = opaque
  return {
    name,
    direction: 'outbound',
    address: anyAddress,
    port,
    socket: 'none',
    chains: [
      ...(routeConfiguration === undefined
        ? []
        : [
            { name: `${name}-http`, speaks: 'http', target: { kind: 'routes', routeConfiguration } } as const,
          ]),
      ...tlsChains(addressless, scope, port),
    ],
    fallback:
      only === undefined
        ? outsideTarget(outside)
        : {
            kind: 'cluster',
            cluster: more.length === 0 ? clusterName(port, undefined, only.host) : passThrough,
          },
  }
}

function tlsChains(services: readonly Service[], scope: Scope, port: number): readonly InterceptedChain[] {
  const ofPort = services.filter(({ ports }) =>
    ports.some(({ number, protocol }) => number === port && protocol === 'tls'),
  )
  const claim = claimDomains(ofPort.map(({ host }) => host))
  return ofPort.map((service): InterceptedChain => ({
    name: service.host,
    serverNames: claim(service.host, aliasDomains(service, scope)),
    target: { kind: 'cluster', cluster: clusterName(port, undefined, service.host) },
  }))
}
