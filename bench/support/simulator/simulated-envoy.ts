import { resourcesOf } from '../../../src/cli/resources.ts'
import { defaultSettings } from '../../../src/control-plane/config.ts'
import { objectKey } from '../../../src/diagnostics/diagnostic.ts'
import { startEnvoy } from '../../../src/envoy/process.ts'
import type { EnvoyProcess } from '../../../src/envoy/process.ts'
import { staticConfig } from '../../../src/envoy/static-config.ts'
import { parseManifests } from '../../../src/manifest/yaml.ts'
import { createPipeline } from '../../../src/pipeline/pipeline.ts'
import type { Pipeline } from '../../../src/pipeline/pipeline.ts'
import type { RouteConfiguration, VirtualHost } from '../../../src/simulate/configuration.ts'
import { decode, encode } from '../../../src/xds/proto.ts'
import type { Resource } from '../../../src/xds/resource.ts'
import { scopeKey } from '../../../src/xds/scope.ts'
import type { Scope } from '../../../src/xds/scope.ts'

/** A pipeline over one text of YAML documents. */
export function pipelineOver(text: string): Pipeline {
  const pipeline = createPipeline(defaultSettings)
  const { manifests, diagnostics } = parseManifests('random.yaml', text)
  if (diagnostics.length > 0) throw new Error(diagnostics.map((each) => each.message).join('\n'))
  for (const { manifest } of manifests) pipeline.setManifest(objectKey(manifest.id), manifest)
  pipeline.flush()
  return pipeline
}

/** Everything that the proxies of a scope get. */
export function resourcesFor(pipeline: Pipeline, scope: Scope): readonly Resource[] {
  const key = scopeKey(scope)
  pipeline.connect(key, scope)
  pipeline.flush()
  return resourcesOf(pipeline, key)
}

/**
 * A real Envoy with these resources in its bootstrap; each answer says in `x-route` and `x-cluster` where it
 * comes from.
 */
export async function startTellingEnvoy(
  binary: string,
  resources: readonly Resource[],
): Promise<EnvoyProcess> {
  const envoy = await startEnvoy({
    binary,
    bootstrap: staticConfig(resources.map(telling)),
    logLevel: 'error',
  })
  await envoy.ready()
  return envoy
}

function telling(resource: Resource): Resource {
  if (resource.type !== 'route') return resource
  const message: RouteConfiguration = decode('envoy.config.route.v3.RouteConfiguration', resource.bytes)
  const told = { ...message, virtual_hosts: (message.virtual_hosts ?? []).map(tellingHost) }
  return { ...resource, bytes: encode('envoy.config.route.v3.RouteConfiguration', told) }
}

function tellingHost(host: VirtualHost): VirtualHost {
  const routes = (host.routes ?? []).map((route, index) => ({
    ...route,
    response_headers_to_add: [
      ...(route.response_headers_to_add ?? []),
      header('x-route', routeLabel(host.name, index)),
      header('x-cluster', '%UPSTREAM_CLUSTER_RAW%'),
    ],
  }))
  return { ...host, routes }
}

function header(
  key: string,
  value: string,
): { readonly header: { readonly key: string; readonly value: string } } {
  return { header: { key, value } }
}

/** The identity of a route among all others of its listener. */
export function routeLabel(virtualHost: string | undefined, index: number): string {
  return `${virtualHost ?? ''}#${index}`
}
