import type { Origin } from '../diagnostics/diagnostic.ts'
import type { Settings } from '../model/settings.ts'
import type { ResolvedCluster } from '../resolve/cluster.ts'
import type { ConnectionTarget, InterceptedListener, InterceptionPart } from '../resolve/plan/intercepted.ts'
import type { RouteConfigurationPlan } from '../resolve/plan/plan.ts'
import type { ResolvedVirtualHost } from '../resolve/resolved.ts'
import { originOf, upstreamSecrets } from '../resolve/secrets/secret-use.ts'
import type { SecretUse } from '../resolve/secrets/secret-use.ts'
import { secretValue } from '../resolve/secrets/secret-value.ts'
import type { SecretsNamed, SecretValue } from '../resolve/secrets/secret-value.ts'
import type { TlsListener } from '../resolve/plan/tls-listener.ts'
import { encode } from '../xds/proto.ts'
import { resource } from '../xds/resource.ts'
import type { Resource } from '../xds/resource.ts'
import { field } from '../xds/wire.ts'
import { cluster } from './cluster.ts'
import { loadAssignment } from './endpoint.ts'
import { interceptedListener } from './interception.ts'
import { pathOptions } from './path-options.ts'
import { interceptionCluster } from './interception-cluster.ts'
import { listeners } from './listener.ts'
import { encodeRouteConfiguration, encodeVirtualHost } from './route.ts'
import { runtime, runtimeLayer } from './runtime.ts'
import { secret } from './secret.ts'
import { sharedBytes } from './shared-bytes.ts'
import { tlsListener } from './tls-listener.ts'

/**
 * A virtual host's own bytes, kept separately so that an edit encodes one of them, whether it is sent alone
 * or within its route configuration.
 */
export interface EncodedVirtualHost extends Pick<
  ResolvedVirtualHost,
  'scope' | 'routeConfiguration' | 'name' | 'origins'
> {
  readonly parts: readonly Uint8Array[]
  readonly clusters: readonly string[]
}

export function encodedVirtualHost(host: ResolvedVirtualHost): EncodedVirtualHost {
  const { scope, routeConfiguration, name, origins } = host
  return {
    scope,
    routeConfiguration,
    name,
    origins,
    parts: encodeVirtualHost(host),
    clusters: [...new Set(host.uses.map((use) => use.cluster))],
  }
}

/** VirtualHost.name */
const nameField = 1

/**
 * A virtual host as a resource of its own, `<route configuration>/<virtual host>`. Envoy removes one only if
 * its name field equals the resource's name; the last of two occurrences of a field wins (protobuf encoding,
 * "Last One Wins").
 */
export function virtualHostResource({
  routeConfiguration,
  name,
  parts,
  clusters,
  origins,
}: EncodedVirtualHost): Resource {
  const fullName = `${routeConfiguration}/${name}`
  return resource({
    type: 'virtual-host',
    name: fullName,
    bytes: Buffer.concat([...parts, field(nameField, fullName)]),
    origins,
    references: clusters,
    owner: routeConfiguration,
  })
}

/**
 * The virtual host of a route configuration that has no other. It answers every request with 404, as a
 * gateway without routes does.
 */
export function blackhole({
  scope,
  name: routeConfiguration,
  port,
}: RouteConfigurationPlan): EncodedVirtualHost {
  const name = `blackhole:${port}`
  return {
    scope,
    routeConfiguration,
    name,
    origins: [],
    parts: [encode('envoy.config.route.v3.VirtualHost', { name, domains: ['*'] })],
    clusters: [],
  }
}

/** A whole route configuration, with its virtual hosts. */
export function routeConfigurationResource(
  plan: RouteConfigurationPlan,
  hosts: readonly EncodedVirtualHost[],
): Resource {
  return resource({
    type: 'route',
    name: plan.name,
    bytes: encodeRouteConfiguration(
      plan.name,
      hosts.map(({ parts }) => parts),
    ),
    origins: hosts.flatMap((host) => host.origins),
    references: [...new Set(hosts.flatMap((host) => host.clusters))],
  })
}

/**
 * A route configuration whose virtual hosts are resources of their own. It must always exist: Envoy waits for
 * it before it serves anything. And it always has `vhds`: without it Envoy ends its subscription, keeps
 * virtual hosts whose removal it did not receive, and serves them again when `vhds` returns.
 */
export function routeConfigurationWithVhds(plan: RouteConfigurationPlan): Resource {
  return resource({
    type: 'route',
    name: plan.name,
    bytes: encodeRouteConfiguration(plan.name, 'separate'),
    origins: plan.origins,
    references: [],
  })
}

export function listenerResources(
  plan: RouteConfigurationPlan,
  { pathNormalization }: Settings,
): readonly Resource[] {
  return listeners(plan.listener, plan.name, pathOptions(pathNormalization)).map((message) =>
    resource({
      type: 'listener',
      name: message.name,
      bytes: encode('envoy.config.listener.v3.Listener', message),
      origins: plan.origins,
      references: [
        plan.name,
        ...(plan.listener.kind === 'intercepted' ? plan.listener.listeners.flatMap(clustersOf) : []),
      ],
    }),
  )
}

/** A listener for TLS. Empty if it would accept no connection, because Envoy rejects such a listener. */
export function tlsListenerResources(
  listener: TlsListener,
  { pathNormalization }: Settings,
): readonly Resource[] {
  const { name, chains, origins, uses, secrets } = listener
  if (chains.length === 0) return []
  const routeConfigurations = chains.flatMap(({ target }) =>
    target.kind === 'requests' ? [target.routeConfiguration] : [],
  )
  const references = [
    ...new Set([
      ...routeConfigurations,
      ...uses.map((use) => use.cluster),
      ...secrets.map((use) => use.name),
    ]),
  ]
  return [
    resource({
      type: 'listener',
      name,
      bytes: encode(
        'envoy.config.listener.v3.Listener',
        tlsListener(listener, pathOptions(pathNormalization)),
      ),
      origins,
      references,
    }),
  ]
}

/**
 * The secret that these uses share, made from the fields that name it and from the Secret itself; empty if
 * the Secret does not exist.
 */
export function secretResources(uses: readonly SecretUse[], named: SecretsNamed): readonly Resource[] {
  const [first] = uses
  const value = first === undefined ? undefined : secretValue(first.content, named)
  return first === undefined || value === undefined
    ? []
    : [secretResource(first.name, value, uses.flatMap(originOf))]
}

function secretResource(name: string, value: SecretValue, origins: readonly Origin[]): Resource {
  const bytes = encode('envoy.extensions.transport_sockets.tls.v3.Secret', secret(name, value))
  return resource({
    type: 'secret',
    name,
    bytes,
    origins: 'origin' in value ? [...origins, value.origin] : origins,
    references: [],
  })
}

/** An additional listener or cluster of a scope with interception. */
export function interceptionResource(part: InterceptionPart, settings: Settings): Resource {
  const { origins } = part
  if (part.kind === 'listener') {
    const message = interceptedListener(part.listener, pathOptions(settings.pathNormalization))
    const bytes = encode('envoy.config.listener.v3.Listener', message)
    return resource({
      type: 'listener',
      name: message.name,
      bytes,
      origins,
      references: clustersOf(part.listener),
    })
  }
  const bytes = encode('envoy.config.cluster.v3.Cluster', interceptionCluster(part.cluster, settings))
  return resource({ type: 'cluster', name: part.cluster.name, bytes, origins, references: [] })
}

function clustersOf({ chains, fallback }: InterceptedListener): readonly string[] {
  const targets: readonly ConnectionTarget[] = [...chains.map(({ target }) => target), fallback]
  return [...new Set(targets.flatMap((target) => (target.kind === 'routes' ? [] : [target.cluster])))]
}

export function clusterResource(resolved: ResolvedCluster, settings: Settings): Resource {
  const endpoints = resolved.discovery === 'endpoints' ? [resolved.assignment] : []
  const references = [...endpoints, ...upstreamSecrets(resolved.tls).map((each) => each.name)]
  const bytes = sharedBytes('envoy.config.cluster.v3.Cluster', cluster(resolved, settings))
  return resource({ type: 'cluster', name: resolved.name, bytes, origins: resolved.origins, references })
}

/** The load assignment, for a cluster that takes its endpoints from EDS. */
export function endpointResources(resolved: ResolvedCluster): readonly Resource[] {
  if (resolved.discovery !== 'endpoints') return []
  const bytes = sharedBytes('envoy.config.endpoint.v3.ClusterLoadAssignment', loadAssignment(resolved))
  return [
    resource({
      type: 'endpoint',
      name: resolved.assignment,
      bytes,
      origins: resolved.origins,
      references: [],
    }),
  ]
}

export function runtimeResource(): Resource {
  return resource({
    type: 'runtime',
    name: runtimeLayer,
    bytes: encode('envoy.service.runtime.v3.Runtime', runtime()),
    origins: [],
    references: [],
  })
}
