import { at, mapActions, mapNamed, mapRoutes, mapVirtualHosts, named, without } from './edit.ts'
import { isObject, objects, text } from './output.ts'
import { expecting, onBoth } from './pair.ts'
import type { Adjustment } from './pair.ts'

const statusCodes = 'retriable-status-codes'

export const retriable503: Adjustment = expecting((istiod) => mapActions(istiod, (action) => {
  const policy = action['retry_policy']
  if (!isObject(policy) || !text(policy['retry_on']).split(',').includes(statusCodes) || policy['retriable_status_codes'] !== undefined) return action
  return { ...action, retry_policy: { ...policy, retriable_status_codes: [503] } }
}))

export const boundCatchAll: Adjustment = expecting((istiod) => ({
  ...istiod,
  routes: mapNamed(istiod.routes, (each) => {
    const hosts = named(each['virtual_hosts'])
    if (hosts['allow_any'] === undefined) return each
    const refusing = { name: 'block_all', domains: ['*'], include_request_attempt_count: true,
      routes: [{ name: 'block_all', match: { prefix: '/' }, direct_response: { status: 502 } }] }
    return { ...each, virtual_hosts: { ...without(hosts, 'allow_any'), block_all: refusing } }
  }),
}))

export const cors: Adjustment = expecting((istiod) => mapRoutes(istiod, (route) => {
  const filters = route['typed_per_filter_config']
  if (!isObject(filters)) return route
  const rest = without(filters, 'envoy.filters.http.cors')
  return Object.keys(rest).length === 0 ? without(route, 'typed_per_filter_config') : { ...route, typed_per_filter_config: rest }
}))

export const httpsGateway: Adjustment = expecting((istiod) => {
  const plain = { ...istiod, routes: mapNamed(istiod.routes, (each, name) => name.startsWith('https.') ? undefined : each) }
  return mapVirtualHosts(plain, (host) => without(host, 'require_tls'))
})

/** The routes of a virtual host that a VirtualService with delegates fills are not compared; that it is there is. */
export const delegates: Adjustment = ({ istiod, ours }) => {
  const ofRoot = (routes: unknown): boolean => JSON.stringify(routes ?? '').includes('/virtual-service/root"')
  const filled = Object.values(istiod.routes).flatMap((each) => Object.values(named(each['virtual_hosts'])))
    .filter((host) => ofRoot(host['routes'])).map((host) => text(host['name']))
  return onBoth((output) => mapVirtualHosts(output, (host) => filled.includes(text(host['name'])) ? without(host, 'routes') : host))({ istiod, ours }, { refusals: [] })
}

/**
 * A port that declares no protocol has a listener and route configuration for each host in istiod, named `host:port`, and
 * here one for all of its hosts, named by the port.
 */
export const protocolDetection: Adjustment = (pair, sample) => {
  const detected = Object.keys(pair.istiod.routes).flatMap((name) => {
    const [host, port, ...rest] = name.split(':')
    return host !== undefined && port !== undefined && rest.length === 0 ? [{ name, host, port }] : []
  })
  const names = detected.flatMap(({ name, port }) => [name, port])
  const strays = detected.map(({ host }) => `${host}:80`)
  const clusters = detected.map(({ host, port }) => `outbound|${port}||${host}`)
  return onBoth((output) => {
    const rest = { ...output, routes: mapNamed(output.routes, (each, name) => names.includes(name) ? undefined : each) }
    return {
      ...mapVirtualHosts(rest, (host) => strays.includes(text(host['name'])) && isDead(host) ? undefined : host),
      clusters: mapNamed(rest.clusters, (each, name) => clusters.includes(name) ? without(each, 'typed_extension_protocol_options') : each),
    }
  })(pair, sample)

  function isDead(host: Parameters<typeof without>[0]): boolean {
    return objects(host['routes']).every((route) => !(text(at(route, 'route', 'cluster')) in pair.istiod.clusters))
  }
}
