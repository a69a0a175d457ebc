/** Converts a configuration, translates what was written, and compares the mirrors of both. */
import { stringify } from 'yaml'
import { configurationOf } from '../../src/cli/explain/explain-proxy.ts'
import { convertibleOf } from '../../src/convert/convertible.ts'
import { conversionText } from '../../src/convert/convert-text.ts'
import { resourcesOf } from '../../src/cli/resources.ts'
import { defaultSettings } from '../../src/control-plane/config.ts'
import { objectKey } from '../../src/diagnostics/diagnostic.ts'
import { convert } from '../../src/convert/conversion.ts'
import type { WritableName } from '../../src/convert/writable-names.ts'
import type { Conversion } from '../../src/convert/conversion.ts'
import type { JsonObject, Manifest } from '../../src/manifest/manifest.ts'
import { parseManifests } from '../../src/manifest/yaml.ts'
import { hasLabels } from '../../src/model/labels.ts'
import type { Labels } from '../../src/model/labels.ts'
import { createPipeline, diagnosticsOf } from '../../src/pipeline/pipeline.ts'
import type { Pipeline } from '../../src/pipeline/pipeline.ts'
import type { EnvoyConfiguration } from '../../src/simulate/configuration.ts'
import { simulate } from '../../src/simulate/simulate.ts'
import { scopeKey } from '../../src/xds/scope.ts'
import type { Scope } from '../../src/xds/scope.ts'
import type { AskedRequest, SourceDialect } from './round-trip-objects.ts'

/** From which dialect to which. */
export const ways: readonly (readonly [SourceDialect, WritableName])[] = [
  ['gateway-api', 'istio'],
  ['gloo', 'istio'],
  ['emissary', 'istio'],
  ['istio', 'gateway-api'],
  ['gloo', 'gateway-api'],
  ['emissary', 'gateway-api'],
]

export interface RoundTrip {
  readonly text: string
  /**
   * Whether every rule, host and mirror was carried, so that the same requests must have the same mirrors.
   */
  readonly whole: boolean
  /** Requests that were compared, and those among them that have a mirror. */
  readonly compared: number
  readonly mirrored: number
  readonly differences: readonly string[]
}

/**
 * A comment about lost settings without which requests may have other mirrors. All other losses leave the
 * mirrors unchanged.
 */
const costly =
  /not carried, (?:a mirror|a rule|rule |a match|a rewrite|a redirect|an answer|a destination|its only|its routes|host )|nothing of it is written|not mirrored|copies/

export function roundTrip(
  objects: readonly JsonObject[],
  to: WritableName,
  requests: readonly AskedRequest[],
): RoundTrip {
  const before = pipelineOf(read(objects.map((each) => stringify(each)).join('---\n')))
  const conversion = convert(convertibleOf(before, defaultSettings), to)
  const text = conversionText(conversion)
  const after = pipelineOf([...keptOf(before, conversion), ...read(text)])
  const comments = commentsOf(conversion)
  const whole = !comments.some((comment) => costly.test(comment))
  const hosts = comments.some((comment) => comment.includes('copies')) ? 'any' : 'theirs'
  const errors = diagnosticsOf(after)
    .filter(({ severity }) => severity === 'error')
    .map(({ code, message }) => `${code} ${message}`)
  const known = diagnosticsOf(before).filter(({ severity }) => severity === 'error').length > 0
  const answers = requests.map((request) => ({
    request,
    was: mirrorsOf(before, request),
    is: mirrorsOf(after, request),
  }))
  return {
    text,
    whole,
    compared: answers.length,
    mirrored: answers.filter(({ was }) => was.length > 0).length,
    differences: [
      ...(known ? [] : errors.map((error) => `the written text has a mistake: ${error}`)),
      ...inventedMirrors(declaredMirrors(before, hosts), declaredMirrors(after, hosts)),
      ...(whole
        ? answers
            .filter(({ was, is }) => was.join() !== is.join())
            .map(
              ({ request, was, is }) =>
                `${JSON.stringify(request)}: was ${was.join(' and ') || 'none'}, is ` +
                (is.join(' and ') || 'none'),
            )
        : []),
    ],
  }
}

function commentsOf({ objects, comments }: Conversion): readonly string[] {
  return [...comments, ...objects.flatMap((each) => each.comments.map(({ text }) => text))]
}

function read(text: string): readonly Manifest[] {
  const { manifests, diagnostics } = parseManifests('round-trip.yaml', text)
  if (diagnostics.length > 0)
    throw new Error(`${diagnostics.map(({ message }) => message).join('\n')}\n${text}`)
  return manifests.map(({ manifest }) => manifest)
}

function pipelineOf(manifests: readonly Manifest[]): Pipeline {
  const pipeline = createPipeline(defaultSettings)
  for (const manifest of manifests) pipeline.setManifest(objectKey(manifest.id), manifest)
  pipeline.flush()
  return pipeline
}

function keptOf({ read: graph, manifests }: Pipeline, { given, kept }: Conversion): readonly Manifest[] {
  const keys = new Set([...given, ...kept].map(objectKey))
  return graph
    .entries(manifests)
    .filter(([key]) => keys.has(key))
    .map(([, manifest]) => manifest)
}

/** Target, share and Host of every mirror of the model; `any` leaves the Host out. */
function declaredMirrors({ read: graph, model }: Pipeline, hosts: 'theirs' | 'any'): ReadonlySet<string> {
  const services = new Map(graph.entries(model.services).map(([, service]) => [service.host, service]))
  const sets = graph.entries(model.endpoints).map(([, set]) => set)
  const policies = graph.entries(model.policies).map(([, policy]) => policy)
  const labelsOf = (host: string, subset: string | undefined): Labels =>
    policies
      .filter((policy) => policy.host === host)
      .flatMap(({ subsets }) => subsets)
      .find((each) => each.name === subset)?.labels ?? {}
  const targetOf = (host: string, port: number | undefined, labels: Labels): string => {
    const service = services.get(host)
    const number = port ?? (service?.ports.length === 1 ? service.ports[0]?.number : undefined)
    const behind = service?.endpointsOf?.[number ?? 0]
    if (behind !== undefined) return targetOf(behind.host, behind.port, { ...behind.labels, ...labels })
    const endpoints = sets
      .filter((set) => set.host === host)
      .flatMap((set) => set.endpoints)
      .filter((each) => hasLabels(each.labels, labels))
    if (service?.origin.object.group === '')
      return `${endpoints.map(({ address }) => address).join()}:${number ?? ''}`
    return endpoints.map(({ address, ports }) => `${address}:${ports[number ?? 0] ?? ''}`).join()
  }
  return new Set(
    graph
      .entries(model.tables)
      .flatMap(([, { routes }]) =>
        routes.flatMap(({ action }) =>
          action.kind !== 'forward'
            ? []
            : action.mirrors
                .filter(({ backend }) => backend.rejected !== true)
                .map(
                  ({ backend, fraction, host }) =>
                    `${targetOf(backend.host, backend.port, labelsOf(backend.host, backend.subset))} ` +
                    `${fraction} ${hosts === 'any' ? '' : JSON.stringify(host)}`,
                ),
        ),
      ),
  )
}

/** A mirror that names no port is written with the one that it has at the listener. */
function inventedMirrors(declared: ReadonlySet<string>, written: ReadonlySet<string>): readonly string[] {
  return [...written]
    .filter((each) => !declared.has(each) && !declared.has(each.replace(/:\d+ /, ': ')))
    .map((each) => `not of the original: ${each}`)
}

const gateway: Scope = {
  role: 'gateway',
  namespace: 'default',
  labels: {},
  anyGateway: true,
  bindAddress: '',
  portMap: {},
  virtualHosts: 'inline',
}
const sidecar: Scope = { ...gateway, role: 'sidecar', anyGateway: false }

const configurations = new WeakMap<Pipeline, Map<Scope, EnvoyConfiguration>>()

function configurationFor(pipeline: Pipeline, scope: Scope): EnvoyConfiguration {
  const known = configurations.get(pipeline) ?? new Map<Scope, EnvoyConfiguration>()
  configurations.set(pipeline, known)
  const found = known.get(scope)
  if (found !== undefined) return found
  pipeline.connect(scopeKey(scope), scope)
  pipeline.flush()
  const made = configurationOf(resourcesOf(pipeline, scopeKey(scope)))
  known.set(scope, made)
  return made
}

/** Where the copies of a request go, their share and Host. */
function mirrorsOf(pipeline: Pipeline, { mesh, ...request }: AskedRequest): readonly string[] {
  const configuration = configurationFor(pipeline, mesh ? sidecar : gateway)
  const { outcome } = simulate(configuration, { scheme: 'http', address: '127.0.0.1', ...request })
  if (outcome.kind !== 'forward') return []
  return outcome.forwarding.mirrors
    .map(
      ({ state, millionths, authorities, path }) =>
        `${JSON.stringify(state)} ${millionths} ${authorities.join()} ${path}`,
    )
    .toSorted()
}
