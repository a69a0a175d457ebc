import type { Diagnostic, FieldPath } from '../../../src/diagnostics/diagnostic.ts'
import { objectKey } from '../../../src/diagnostics/diagnostic.ts'
import { renderPath } from '../../../src/diagnostics/field-path.ts'
import { decode } from '../../../src/xds/proto.ts'
import type { Message } from '../../../src/xds/proto.ts'
import type { Resource } from '../../../src/xds/resource.ts'
import type { Alone, Resources, Translations } from './alone.ts'
import { keyOf, kindOf, linesOf } from './case.ts'
import type { Case, PlacedMistake } from './case.ts'

/** Something that must not be. */
export interface Defect {
  readonly kind:
    | 'refused by Envoy'
    | 'crash'
    | 'transform failed'
    | 'not settled'
    | 'left behind'
    | 'dropped sibling'
    | 'lost by an edit'
    | 'no diagnostic'
    | 'wrong line'
    | 'false alarm'
  /** Equal for all cases that show the same defect, as far as it can be known. */
  readonly signature: string
  readonly text: string
}

/** The faults of a case's translation, before any Envoy sees it. */
export function check(subject: Case, { written, mistaken, compared }: Translations): readonly Defect[] {
  const failed = written.diagnostics
    .filter(({ code }) => code === 'internal/transform-failed')
    .map(({ message }): Defect => ({
      kind: 'transform failed',
      signature: general(message).replace(/ of \[.*\]\|/, ' of a cluster such as '),
      text: message,
    }))
  const { mistake } = subject
  if (mistake === undefined || compared === undefined || mistaken === undefined)
    return [...failed, ...falseAlarms(written.diagnostics)]
  const kind = kindOf(mistake.written)
  const where = `${kind} ${renderPath(mistake.path)} (${mistake.what})`
  const signature = general(
    `${kind} ${mistake.path
      .filter((step) => typeof step === 'string')
      .slice(0, 8)
      .join('.')} ${mistake.what}`,
  )
  const dropped = [
    ...droppedResources(
      { sound: compared.sound.resources, without: compared.without.resources, written: written.resources },
      influenceOf(subject, mistake, keyOf(mistaken)),
    ),
    ...droppedRoutes(mistake, compared.sound, written),
  ].map((text): Defect => ({
    kind: 'dropped sibling',
    signature: `${signature} ${general(text)}`,
    text: `${where}: ${text}`,
  }))
  const lost =
    compared.afterEdit === undefined
      ? []
      : differences(compared.sound.resources, compared.afterEdit.resources).map((text): Defect => ({
          kind: 'lost by an edit',
          signature: `${signature} ${general(text)}`,
          text: `${where}: ${text}`,
        }))
  if (mistake.wrong === 'perhaps') return [...failed, ...dropped, ...lost]
  const told = written.diagnostics.filter(
    (each) => each.severity !== 'info' && concerns(each, mistake.path, keyOf(mistaken)),
  )
  const [first, last] = linesOf(
    mistaken.text,
    mistake.what === 'removed' || mistake.what === 'null' ? mistake.path.slice(0, -1) : mistake.path,
  )
  const isThere = (each: Diagnostic): boolean => {
    const line =
      each.place?.line ??
      (each.origin === undefined
        ? undefined
        : mistaken.located?.locate(each.origin.path, each.origin.part).line)
    return each.code === 'field/unsupported' || (line !== undefined && line >= first && line <= last)
  }
  const silent: readonly Defect[] =
    told.length > 0
      ? []
      : [
          {
            kind: 'no diagnostic',
            signature,
            text:
              `${where}: said were ` +
              (written.diagnostics
                .map(({ code, origin }) => `${code} at ${renderPath(origin?.path ?? [])}`)
                .join(', ') || 'nothing'),
          },
        ]
  const misplaced: readonly Defect[] =
    told.length === 0 || told.some(isThere)
      ? []
      : [
          {
            kind: 'wrong line',
            signature,
            text:
              `${where} stands on the lines ${first} to ${last}: ` +
              told.map(({ message }) => message).join('; '),
          },
        ]
  return [...failed, ...dropped, ...lost, ...silent, ...misplaced]
}

/**
 * A mistake is reported at its field, within it, or at the message that it makes senseless; an unsupported
 * field at itself.
 */
function concerns({ origin, place, code }: Diagnostic, path: FieldPath, key: string | undefined): boolean {
  if (origin === undefined) return place !== undefined
  if (key !== undefined && objectKey(origin.object) !== key) return false
  const common = origin.path.findIndex((step, index) => String(path[index]) !== String(step))
  const shared = common < 0 ? origin.path.length : common
  if (shared === path.length) return true
  return (
    shared === origin.path.length && (code === 'field/unsupported' || origin.path.length >= path.length - 2)
  )
}

/** Codes of errors that a sound object may have, as what it names does not exist. */
const unresolved =
  /^(route|mirror)\/(unknown|hidden|without-forward)|^tls\/unknown-secret|^gateway\/(unknown|server-left-out)$|^delegate\//

function falseAlarms(diagnostics: readonly Diagnostic[]): readonly Defect[] {
  return diagnostics
    .filter(
      ({ severity, code }) =>
        severity === 'error' && code !== 'internal/transform-failed' && !unresolved.test(code),
    )
    .map(({ code, message }) => ({
      kind: 'false alarm',
      signature: general(`${code} ${message}`),
      text: `${code} ${message}`,
    }))
}

/** Resources that may change with the object, although they do not come from it. */
interface Influence {
  readonly mistaken: string | undefined
  /**
   * Hosts that it defines, or says something about: destinations without a port, for one, depend on its
   * ports.
   */
  readonly hosts: readonly string[]
  /**
   * Clusters that only mirrors use have limits, which come and go with the routes that use them otherwise.
   */
  readonly limits: boolean
  /** A port that is another one, and not wrong, takes with it what was on the old one. */
  readonly existence: boolean
}

function influenceOf(
  { sound }: Case,
  { object, wrong }: PlacedMistake,
  mistaken: string | undefined,
): Influence {
  const { kind, metadata, spec } = (sound[object] ?? {}) as {
    readonly kind?: unknown
    readonly metadata?: { readonly name?: string }
    readonly spec?: { readonly hosts?: readonly string[]; readonly host?: string }
  }
  const isHost =
    kind === 'Service' || kind === 'ServiceEntry' || kind === 'EndpointSlice' || kind === 'WorkloadEntry'
  const hosts =
    kind === 'VirtualService' || kind === 'Gateway' || kind === 'Sidecar'
      ? []
      : [...(spec?.hosts ?? []), spec?.host ?? [], metadata?.name ?? []].flat()
  return {
    mistaken,
    hosts: hosts.map((host) => host.toLowerCase()),
    limits: isHost || kind === 'VirtualService' || kind === 'Gateway' || kind === 'Sidecar',
    existence: isHost && wrong === 'perhaps',
  }
}

/**
 * Resources without a part of the mistaken object must be unchanged; resources to which it only adds must
 * exist.
 */
function droppedResources(
  { sound, without, written }: Readonly<Record<'sound' | 'without' | 'written', Resources>>,
  influence: Influence,
): readonly string[] {
  return [...sound].flatMap(([name, expected]) => {
    const { version, type } = expected
    const other = without.get(name)
    // A mirror's cluster is there as long as its route is.
    if (other === undefined || name.includes(' mirror|')) return []
    const found = written.get(name)
    if (found === undefined)
      return influence.existence || influence.hosts.some((host) => name.includes(host))
        ? []
        : [`${name} is gone`]
    if (
      other.version !== version ||
      found.version === version ||
      (type === 'route' && gainsHosts(expected, found))
    )
      return []
    const hasPart =
      found.origins.some(({ object }) => objectKey(object) === influence.mistaken) ||
      influence.hosts.some((host) => found.bytes.includes(host))
    return hasPart ||
      (influence.limits && type === 'cluster' && withoutLimits(found) === withoutLimits(expected))
      ? []
      : [`${name} has changed`]
  })
}

/** A route configuration whose virtual hosts are apart says of them only that there are any. */
function gainsHosts(before: Resource, after: Resource): boolean {
  const [had, has] = [before, after].map(
    ({ bytes }) => decode('envoy.config.route.v3.RouteConfiguration', bytes).vhds !== undefined,
  )
  return had === false && has === true
}

/** A cluster without what only mirrors' limits set. */
function withoutLimits({ bytes }: Resource): string {
  return JSON.stringify({
    ...decode('envoy.config.cluster.v3.Cluster', bytes),
    circuit_breakers: undefined,
    typed_extension_protocol_options: undefined,
  })
}

export function differences(expected: Resources, found: Resources): readonly string[] {
  return [...expected]
    .filter(([name, { version }]) => found.get(name)?.version !== version)
    .map(([name]) => `${name} ${found.has(name) ? 'has changed' : 'is gone'}`)
}

type Route = Message<'envoy.config.route.v3.Route'>

/**
 * A mistake in a rule costs the other rules of the object nothing; one in a mirror, fault or CORS policy not
 * even its rule.
 */
function droppedRoutes(mistake: PlacedMistake, sound: Alone, written: Alone): readonly string[] {
  const [, list, index, field] = mistake.path
  if (mistake.written['kind'] !== 'VirtualService' || list !== 'http' || typeof index !== 'number') return []
  const { name } = mistake.written['metadata'] as { readonly name?: unknown }
  const isLeaf = String(name).startsWith('leaf')
  const ruleOf = (route: Route): number | undefined => {
    const number = (isLeaf ? /-r(\d+)/ : /^r(\d+)/).exec(route.name ?? '')?.[1]
    return number === undefined ||
      (!isLeaf && !JSON.stringify(route.metadata ?? '').includes(`/${String(name)}"`))
      ? undefined
      : Number(number)
  }
  // A rule that matches other requests than it did may end the list, and one that is left out no longer does.
  const isJudged = (rule: number): boolean =>
    rule < index || (rule > index && mistake.wrong === 'certainly' && field !== 'match')
  const keepsItsRule =
    mistake.wrong === 'certainly' &&
    ['mirror', 'mirrors', 'mirrorPercentage', 'mirrorPercent', 'fault', 'corsPolicy'].includes(String(field))
  return [...virtualHosts(sound.resources)].flatMap(([host, before]) => {
    const now = routesOf(written.resources.get(host))
    const kept = new Set(now.map((route) => JSON.stringify(route)))
    const lost = before.filter((route) => {
      const rule = ruleOf(route)
      return rule !== undefined && isJudged(rule) && !kept.has(JSON.stringify(route))
    })
    const isRuleGone =
      keepsItsRule &&
      before.some((route) => ruleOf(route) === index) &&
      !now.some((route) => ruleOf(route) === index)
    return [
      ...lost.map((route) => `route ${route.name ?? ''} of ${host} is gone`),
      ...(isRuleGone ? [`rule r${index} of ${host} is gone with its ${String(field)}`] : []),
    ]
  })
}

function virtualHosts(resources: Resources): ReadonlyMap<string, readonly Route[]> {
  return new Map(
    [...resources]
      .filter(([, { type }]) => type === 'virtual-host')
      .map(([name, resource]) => [name, routesOf(resource)]),
  )
}

function routesOf(resource: Resource | undefined): readonly Route[] {
  return resource === undefined
    ? []
    : (decode('envoy.config.route.v3.VirtualHost', resource.bytes).routes ?? [])
}

/** Without the names and numbers of one case. */
export function general(text: string): string {
  return text
    .replaceAll(/\bc\d+\b/g, 'c_')
    .replaceAll(/\bn\d+\b/g, 'n_')
    .replaceAll(/\d+/g, '0')
    .slice(0, 300)
}
