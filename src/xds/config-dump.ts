import { shownSecret } from './confidential.ts'
import { any, decode } from './proto.ts'
import type { AnyJson } from './proto.ts'
import type { Resource } from './resource.ts'
import { resourceTypeByName } from './resource-types.ts'

/** The sections of a dump; `all` is every section. */
export type DumpSection = 'all' | 'listeners' | 'routes' | 'clusters' | 'endpoints' | 'secrets'

/**
 * Resources in the shape of Envoy's own `/config_dump?include_eds` (envoy.admin.v3.ConfigDump), sorted by
 * name.
 */
export function configDump(
  resources: readonly Resource[],
  section: DumpSection,
): { readonly configs: readonly AnyJson[] } {
  const sections: readonly (readonly [DumpSection, () => AnyJson])[] = [
    ['clusters', () => clusters(resources)],
    ['endpoints', () => endpoints(resources)],
    ['listeners', () => listeners(resources)],
    ['routes', () => routes(resources)],
    ...(ofType(resources, 'secret').length === 0 && section === 'all'
      ? []
      : [['secrets', () => secrets(resources)] as const]),
  ]
  return {
    configs: sections.filter(([name]) => section === 'all' || section === name).map(([, make]) => make()),
  }
}

function clusters(resources: readonly Resource[]): AnyJson {
  return any('envoy.admin.v3.ClustersConfigDump', {
    dynamic_active_clusters: ofType(resources, 'cluster').map((each) => ({
      version_info: each.version,
      cluster: resourceAny(each),
    })),
  })
}

function endpoints(resources: readonly Resource[]): AnyJson {
  return any('envoy.admin.v3.EndpointsConfigDump', {
    dynamic_endpoint_configs: ofType(resources, 'endpoint').map((each) => ({
      version_info: each.version,
      endpoint_config: resourceAny(each),
    })),
  })
}

function listeners(resources: readonly Resource[]): AnyJson {
  return any('envoy.admin.v3.ListenersConfigDump', {
    dynamic_listeners: ofType(resources, 'listener').map((each) => ({
      name: each.name,
      active_state: { version_info: each.version, listener: resourceAny(each) },
    })),
  })
}

function routes(resources: readonly Resource[]): AnyJson {
  return any('envoy.admin.v3.RoutesConfigDump', {
    dynamic_route_configs: ofType(resources, 'route').map((each) => ({
      version_info: each.version,
      route_config: resourceAny(each),
    })),
  })
}

/** Without private keys, like Envoy's own. */
function secrets(resources: readonly Resource[]): AnyJson {
  return any('envoy.admin.v3.SecretsConfigDump', {
    dynamic_active_secrets: ofType(resources, 'secret').map(({ name, version, bytes }) => ({
      name,
      version_info: version,
      secret: any('envoy.extensions.transport_sockets.tls.v3.Secret', shownSecret(bytes)),
    })),
  })
}

function ofType(resources: readonly Resource[], type: Resource['type']): readonly Resource[] {
  return resources.filter((each) => each.type === type).toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function resourceAny({ type, bytes }: Resource): AnyJson {
  const row = resourceTypeByName.get(type)
  if (row === undefined) throw new Error(`no resource type ${type}`)
  return any(row.message, decode(row.message, bytes))
}
