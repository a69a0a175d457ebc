import { defaultSettings } from '../../src/control-plane/config.ts'
import type { ObjectId, Origin } from '../../src/diagnostics/diagnostic.ts'
import type { BackendPolicy, BackendReference, Service } from '../../src/model/backend.ts'
import { everyRequest } from '../../src/model/fraction.ts'
import type { GatewayListener } from '../../src/model/gateway.ts'
import type { Mirror } from '../../src/model/mirror.ts'
import type { ResolvedForward } from '../../src/resolve/resolved.ts'
import { noHeaderChanges } from '../../src/model/route.ts'
import type { Forward, Match, Route, RouteTable } from '../../src/model/route.ts'

// Values of the model for table tests of single stages: complete, and with nothing in them but what a test
// names.

export function originAt(name: string, ...path: Origin['path']): Origin {
  return { object: objectAt(name), path }
}

/** `shop/web`, an object of a kind that no dialect has. */
export function objectAt(name: string): ObjectId {
  const [namespace = '', own = ''] = name.split('/')
  return { group: 'test', kind: 'Thing', namespace, name: own }
}

/** A Service `<namespace>/<name>` with HTTP on port 80. */
export function serviceOf(name: string, more: Partial<Service> = {}): Service {
  const { object, path } = originAt(name)
  return {
    host: `${object.name}.${object.namespace}.svc.cluster.local`,
    name: object.name,
    namespace: object.namespace,
    ports: [{ number: 80, name: 'http', protocol: 'http1', targetPort: undefined }],
    discovery: 'endpoints',
    aliases: [],
    addresses: [],
    external: false,
    selector: undefined,
    externalName: undefined,
    visibility: 'everywhere',
    origin: { object, path },
    ...more,
  }
}

export function policyOf(
  name: string,
  more: Partial<BackendPolicy> & Pick<BackendPolicy, 'host'>,
): BackendPolicy {
  const { object, path } = originAt(name)
  return {
    namespace: object.namespace,
    name: object.name,
    visibility: 'everywhere',
    created: '2026-01-01T00:00:00Z',
    settings: { all: {}, ports: {} },
    subsets: [],
    origin: { object, path },
    ...more,
  }
}

export function prefix(value: string, more: Partial<Match> = {}): Match {
  return {
    path: { kind: 'prefix', value },
    caseSensitive: undefined,
    headers: [],
    queryParameters: [],
    ...more,
  }
}

export function referenceTo(host: string, more: Partial<BackendReference> = {}): BackendReference {
  return { host, port: undefined, subset: undefined, origin: originAt('shop/route', 'to', host), ...more }
}

export function mirrorTo(host: string, more: Partial<Mirror> = {}): Mirror {
  return {
    backend: referenceTo(host),
    fraction: everyRequest,
    runtimeKey: `shadowplane.mirror.shop.route.0.${host}`,
    host: { kind: 'suffix' },
    cluster: 'auto',
    limits: defaultSettings.mirrorLimits,
    origin: originAt('shop/route', 'mirror', host),
    ...more,
  }
}

export function forwardTo(host: string, ...mirrors: readonly Mirror[]): Forward {
  return {
    kind: 'forward',
    destinations: [{ backend: referenceTo(host), weight: 1, headers: noHeaderChanges, authority: undefined }],
    mirrors,
    timeout: 0,
    retry: 'never',
    rewrite: { explicit: false },
  }
}

/** A forward after its backends are resolved, to one cluster. */
export function resolvedForward(cluster: string, more: Partial<ResolvedForward> = {}): ResolvedForward {
  return {
    kind: 'forward',
    destinations: [{ cluster, weight: 1, headers: noHeaderChanges, authority: undefined }],
    mirrors: [],
    timeout: 0,
    retry: 'never',
    rewrite: { explicit: false },
    hash: [],
    ...more,
  }
}

/** A route of object `shop/route` at `rules[<index>]`. */
export function routeOf(index: number, match: Match, more: Partial<Route> = {}): Route {
  return {
    name: `rule-${index}`,
    match,
    applies: {},
    action: forwardTo('web.shop.svc.cluster.local'),
    headers: noHeaderChanges,
    fault: undefined,
    cors: undefined,
    statPrefix: undefined,
    metadata: { namespace: 'test', config: 'config' },
    origin: originAt('shop/route', 'rules', index),
    ...more,
  }
}

/** A table `<namespace>/<name>`; hosts are at `hosts[<index>]` of its object. */
export function tableOf(
  name: string,
  { hosts = [], ...more }: Partial<Omit<RouteTable, 'hosts'>> & { readonly hosts?: readonly string[] },
): RouteTable {
  const { object } = originAt(name)
  return {
    namespace: object.namespace,
    name: object.name,
    hosts: hosts.map((host, index) => ({ host, origin: originAt(name, 'hosts', index) })),
    attachedTo: ['mesh'],
    visibility: 'everywhere',
    order: name,
    routes: [],
    origin: originAt(name),
    ...more,
  }
}

/** A plain HTTP server of gateway `<namespace>/<name>` on port 80, for every host. */
export function gatewayListenerOf(gateway: string, more: Partial<GatewayListener> = {}): GatewayListener {
  const { object } = originAt(gateway)
  return {
    gateway,
    namespace: object.namespace,
    selector: { app: 'edge' },
    port: 80,
    portName: 'http',
    bind: '',
    serves: { kind: 'http', redirect: 'none' },
    hosts: [{ namespace: '*', host: '*' }],
    index: 0,
    created: '2026-01-01T00:00:00Z',
    origin: originAt(gateway, 'servers', 0),
    ...more,
  }
}
