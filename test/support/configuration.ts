import { defaultSettings } from '../../src/control-plane/config.ts'
import { objectKey } from '../../src/diagnostics/diagnostic.ts'
import type { Diagnostic, ObjectId } from '../../src/diagnostics/diagnostic.ts'
import { sortDiagnostics } from '../../src/diagnostics/located.ts'
import type { LocateOrigin } from '../../src/diagnostics/located.ts'
import type { ObjectLookup, Reader, Translated } from '../../src/dialects/dialect.ts'
import { indexKeys, isClaimed, readManifest, translateManifest } from '../../src/dialects/index.ts'
import { oldest } from '../../src/pipeline/lookup.ts'
import type { LocatedManifest, Manifest } from '../../src/manifest/manifest.ts'
import { parseManifests } from '../../src/manifest/yaml.ts'
import type { Settings } from '../../src/model/settings.ts'
import { createPipeline, diagnosticsOf } from '../../src/pipeline/pipeline.ts'
import type { Pipeline } from '../../src/pipeline/pipeline.ts'
import { decode } from '../../src/xds/proto.ts'
import type { AnyJson, Message } from '../../src/xds/proto.ts'
import { resourceTypeByName, resourceTypes } from '../../src/xds/resource-types.ts'
import type { Resource } from '../../src/xds/resource.ts'
import type { TypeName } from '../../src/xds/resource-types.ts'
import { scopeKey } from '../../src/xds/scope.ts'
import type { Scope } from '../../src/xds/scope.ts'

export type RouteConfiguration = Message<'envoy.config.route.v3.RouteConfiguration'>
export type Route = Message<'envoy.config.route.v3.Route'>
export type Cluster = Message<'envoy.config.cluster.v3.Cluster'>

/**
 * The objects of one text, with the places of their fields. A text that does not parse is a mistake of the
 * test.
 */
export function parse(text: string): readonly LocatedManifest[] {
  const { manifests, diagnostics } = parseManifests('input.yaml', text)
  if (diagnostics.length > 0) throw new Error(diagnostics.map((each) => each.message).join('\n'))
  return manifests
}

/** The meaning of the first object of a text; it can look up the others. */
export function translateFirst(
  text: string,
  settings: Settings = defaultSettings,
): Translated & { readonly found: readonly string[] } {
  const located = parse(text)
  const [first] = located
  if (first === undefined) throw new Error('no object')
  const result = translateManifest(
    readManifest(first.manifest, settings),
    lookupIn(
      located.map((each) => each.manifest),
      settings,
    ),
  )
  return { ...result, found: places(result.diagnostics, locateIn(located)) }
}

/** The lookup of a dialect among these objects. */
export function lookupIn(manifests: readonly Manifest[], settings: Settings): ObjectLookup {
  const find = (id: ObjectId) => manifests.find((each) => objectKey(each.id) === objectKey(id))
  return {
    settings,
    manifest: find,
    value: <V>(reader: Reader<V>, id: ObjectId) => {
      const found = find(id)
      return found === undefined ? undefined : reader.read(found, settings).value
    },
    manifestsOf: ({ group, kind }, namespace) =>
      manifests
        .filter(({ id }) => id.group === group && id.kind === kind && id.namespace === namespace)
        .toSorted((a, b) => (a.id.name < b.id.name ? -1 : 1)),
    indexed: (key) =>
      manifests
        .filter((each) => indexKeys(each).includes(key))
        .toSorted((a, b) => (objectKey(a.id) < objectKey(b.id) ? -1 : 1)),
    firstIndexed: (key) => {
      const found = manifests.filter((each) => indexKeys(each).includes(key))
      return found.length === 0 ? undefined : oldest(found)
    },
    isClaimed,
  }
}

/** A pipeline with the objects of a text in it, flushed. */
export interface Configuration {
  readonly pipeline: Pipeline
  /** `line:column code message`, sorted, without duplicates. */
  readonly found: readonly string[]
  /** Resources of a proxy by name, decoded; it is connected by asking. */
  resources(scope: Scope, type: TypeName): ReadonlyMap<string, AnyJson>
  /** The routes of all virtual hosts of a proxy, in order. */
  routes(scope: Scope): readonly Route[]
}

export function configure(text: string, settings: Settings = defaultSettings): Configuration {
  const located = parse(text)
  const pipeline = createPipeline(settings)
  for (const { manifest } of located) pipeline.setManifest(objectKey(manifest.id), manifest)
  pipeline.flush()
  const resources = (scope: Scope, type: TypeName): ReadonlyMap<string, AnyJson> => {
    pipeline.connect(scopeKey(scope), scope)
    pipeline.flush()
    return new Map(resourcesOf(pipeline, scope, type).map((each) => [each.name, decoded(each)]))
  }
  return {
    pipeline,
    found: places(diagnosticsOf(pipeline), locateIn(located)),
    resources,
    routes: (scope) => [...resources(scope, 'route').values()].flatMap((each) => routesOf(each)),
  }
}

/** The resources of a connected proxy, sorted by name. */
export function resourcesOf(pipeline: Pipeline, scope: Scope, type: TypeName): readonly Resource[] {
  return (pipeline.read.get(pipeline.resources, `${scopeKey(scope)}|${type}`) ?? [])
    .map(({ resource }) => resource)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** All resources of a connected proxy as `type name version`: two equal lists are equal bytes. */
export function fingerprint(pipeline: Pipeline, scope: Scope): readonly string[] {
  return resourceTypes.flatMap(({ name: type }) =>
    resourcesOf(pipeline, scope, type).map(({ name, version }) => `${type} ${name} ${version}`),
  )
}

export function decoded({ type, bytes }: Resource): AnyJson {
  const row = resourceTypeByName.get(type)
  if (row === undefined) throw new Error(`no resource type ${type}`)
  return { '@type': row.typeUrl, ...decode(row.message, bytes) }
}

export function routesOf(routeConfiguration: AnyJson | RouteConfiguration): readonly Route[] {
  return ((routeConfiguration as RouteConfiguration).virtual_hosts ?? []).flatMap((host) => host.routes ?? [])
}

/** A gateway proxy that every Gateway selects. */
export const gateway: Scope = {
  role: 'gateway',
  namespace: 'default',
  labels: {},
  anyGateway: true,
  bindAddress: '',
  portMap: {},
  virtualHosts: 'inline',
}

export function sidecar(namespace = 'default', labels: Scope['labels'] = {}): Scope {
  return {
    role: 'sidecar',
    namespace,
    labels,
    anyGateway: false,
    bindAddress: '',
    portMap: {},
    virtualHosts: 'inline',
  }
}

export function locateIn(located: readonly LocatedManifest[]): LocateOrigin {
  return (origin) =>
    located
      .find(({ manifest }) => objectKey(manifest.id) === objectKey(origin.object))
      ?.locate(origin.path, origin.part)
}

function places(diagnostics: readonly Diagnostic[], locate: LocateOrigin): readonly string[] {
  return sortDiagnostics(diagnostics, locate).map(
    ({ diagnostic, place }) =>
      `${place === undefined ? '' : `${place.line}:${place.column} `}${diagnostic.code} ` +
      diagnostic.message.replace(/^\w+ \S+: /, ''),
  )
}
