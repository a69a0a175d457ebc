import type { EnvoyAdmin } from '../../src/envoy/admin.ts'

/** A mirror policy that Envoy holds. */
export interface PolicyInForce {
  readonly cluster: string
  /** Parts per million. */
  readonly numerator: number
}

/** A route that Envoy holds. */
export interface RouteInForce {
  readonly virtualHost: string
  /** The cluster of a forward, else ''. */
  readonly cluster: string
  readonly mirrors: readonly PolicyInForce[]
  /** Headers that it adds to answers, `name: value`. */
  readonly responseHeaders: readonly string[]
}

interface RouteDump {
  readonly route_config?: { readonly name?: string; readonly virtual_hosts?: readonly VirtualHost[] }
}

interface VirtualHost {
  readonly name?: string
  readonly routes?: readonly Route[]
}

interface Route {
  readonly route?: { readonly cluster?: string; readonly request_mirror_policies?: readonly Policy[] }
  readonly response_headers_to_add?: readonly {
    readonly header?: { readonly key?: string; readonly value?: string }
  }[]
}

interface Policy {
  readonly cluster?: string
  readonly runtime_fraction?: {
    readonly default_value?: { readonly numerator?: number; readonly denominator?: string }
  }
}

/**
 * The routes in Envoy's own config dump; none while it has no route configuration. Rejects for a fraction
 * that is not in parts per million.
 */
export async function routesInForce(envoy: EnvoyAdmin): Promise<readonly RouteInForce[]> {
  const dump = await envoy.configDump('dynamic_route_configs').catch(() => undefined)
  const configurations = (dump?.configs ?? []) as readonly RouteDump[]
  const hosts = configurations.flatMap(({ route_config: configuration }) =>
    (configuration?.virtual_hosts ?? []).map((host) => ({
      ...host,
      name: withoutOwner(host.name ?? '', configuration?.name ?? ''),
    })),
  )
  return hosts.flatMap(({ name, routes = [] }) =>
    routes.map((route) => ({
      virtualHost: name,
      cluster: route.route?.cluster ?? '',
      mirrors: (route.route?.request_mirror_policies ?? []).map(policy),
      responseHeaders: (route.response_headers_to_add ?? []).map(
        ({ header }) => `${header?.key ?? ''}: ${header?.value ?? ''}`,
      ),
    })),
  )
}

/** Envoys with virtual host discovery know a virtual host as `<route configuration>/<name>`. */
function withoutOwner(name: string, owner: string): string {
  return name.startsWith(`${owner}/`) ? name.slice(owner.length + 1) : name
}

/** Where routes come from: the whole route configuration, or one virtual host of it. */
export function carriesRoutes({ type }: { readonly type: string }): boolean {
  return type === 'route' || type === 'virtual-host'
}

function policy({ cluster = '', runtime_fraction: fraction }: Policy): PolicyInForce {
  const { numerator = 0, denominator = 'HUNDRED' } = fraction?.default_value ?? {}
  if (denominator !== 'MILLION')
    throw new Error(`the mirror to ${cluster} has the denominator ${denominator}`)
  return { cluster, numerator }
}

/** One line for people. */
export function describeRoute({ virtualHost, cluster, mirrors, responseHeaders }: RouteInForce): string {
  const copies = mirrors.map((mirror) => `${mirror.numerator} ppm to ${mirror.cluster}`)
  return (
    `${virtualHost} → ${cluster === '' ? 'no cluster' : cluster}; mirrors: ` +
    (copies.length === 0 ? 'none' : copies.join(', ')) +
    (responseHeaders.length === 0 ? '' : `; adds ${responseHeaders.join(', ')}`)
  )
}
