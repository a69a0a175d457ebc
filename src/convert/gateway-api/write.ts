import { nameOf } from '../../diagnostics/finding.ts'
import type { Json, JsonObject } from '../../manifest/manifest.ts'
import type { BackendPolicy } from '../../model/backend.ts'
import { lostSettings } from '../lost-settings.ts'
import { mirrorAnnotations } from '../mirror-annotation.ts'
import type { PlacedMirror } from '../mirror-annotation.ts'
import { placesByBody } from '../served-place.ts'
import { servedRoutes } from '../served-routes.ts'
import type { ServedRoutes } from '../served-routes.ts'
import { commentsAt, createNaming, present } from '../written.ts'
import type { Comment, Naming, Writable, Written, WrittenObject } from '../written.ts'
import { gatewayApiGroup, hostname } from '../../dialects/gateway-api/constraint.ts'
import { createBackends } from './backend.ts'
import type { Backends } from './backend.ts'
import { writtenGateways } from './gateway.ts'
import type { WrittenGateways } from './gateway.ts'
import { hostsApart } from './host.ts'
import { meshUnits } from './mesh.ts'
import { writtenRules } from './rules.ts'

/** HTTPRoutes for route tables, with the Gateways and ReferenceGrants that they need. */
export function writeGatewayApi(model: Writable): Written {
  const naming = createNaming(model.isTaken)
  const backends = createBackends(model)
  const units = hostsApart(servedRoutes(model.tables, model.listeners))
  const used = new Set(units.flatMap(({ socket }) => socket?.listeners ?? []))
  const gateways = writtenGateways(
    model.listeners.filter(
      (each) => used.has(each) || each.origin.object.group === gatewayApiGroup || isRedirecting(each),
    ),
    naming,
  )
  const comments: string[] = []
  const placed = units.flatMap((unit) => placedUnits(unit, { model, gateways, backends, comments }))
  const routes = placesByBody(placed).flatMap(({ hosts, places, body }) =>
    [hosts.filter((host) => host === '*'), hosts.filter((host) => host !== '*')]
      .filter((group) => group.length > 0 && body.rules.length > 0)
      .flatMap((group) => httpRoutes({ ...body, hosts: group, places }, model, naming)),
  )
  // Without a rule there is no object to hold the comments.
  for (const { body } of placed)
    if (body.rules.length === 0)
      comments.push(...body.notes.map(({ text }) => `HTTPRoute ${body.namespace}/${body.name}: ${text}`))
  return {
    objects: [
      ...backends.written(),
      ...gateways.objects,
      ...routes,
      ...[...backends.crossings].map((crossing) => grantOf(crossing, naming)),
    ],
    comments: [
      ...comments,
      ...gateways.comments,
      ...unserved(model, units),
      ...lostSettings(model.policies.map(withoutPlainSubsets)),
    ],
  }
}

/** A subset that is only labels is carried as a Service, or has a comment where it is used. */
function withoutPlainSubsets(policy: BackendPolicy): BackendPolicy {
  return {
    ...policy,
    subsets: policy.subsets.filter(({ settings: { all, ports } }) =>
      [all, ...Object.values(ports)].some((each) => Object.values(each).some((value) => value !== undefined)),
    ),
  }
}

function isRedirecting({ serves }: Writable['listeners'][number]): boolean {
  return serves.kind === 'http' && serves.redirect === 'to-https'
}

interface UnitSite {
  readonly model: Writable
  readonly gateways: WrittenGateways
  readonly backends: Backends
  /** Collects what has no object. */
  readonly comments: string[]
}

interface Body {
  readonly name: string
  readonly namespace: string
  readonly rules: readonly JsonObject[]
  readonly mirrors: readonly PlacedMirror[]
  readonly notes: readonly Comment[]
}

interface PlacedUnit {
  readonly host: string
  readonly places: readonly string[]
  readonly body: Body
}

function placedUnits(
  unit: ServedRoutes,
  { model, gateways, backends, comments }: UnitSite,
): readonly PlacedUnit[] {
  const [first, ...more] = unit.tables
  if (first === undefined) return []
  const name = more.length === 0 ? first.name : unit.host === '*' ? 'all-hosts' : unit.host
  const bodyOf = (namespace: string, port: number | undefined, routes: ServedRoutes['routes']): Body => {
    const {
      rules,
      mirrors,
      comments: notes,
    } = writtenRules(routes, {
      namespace,
      port,
      backends,
      settings: model.settings,
      scheme: unit.socket?.scheme ?? 'http',
    })
    return { name, namespace, rules, mirrors, notes }
  }
  if (unit.socket === undefined) {
    return meshUnits(unit, model, (text) => {
      comments.push(text)
    }).map(({ namespace, parent, port, routes }) => ({
      host: '*',
      places: [parent],
      body: bodyOf(namespace, port, routes),
    }))
  }
  if (unit.host !== '*' && !hostname.safeParse(unit.host).success) {
    comments.push(
      `${nameOf(first.origin)}: not carried, its routes for ${unit.host}, which is no host that the ` +
        `Gateway API takes`,
    )
    return []
  }
  const places = gateways.parents(unit.socket.listeners, unit.host, first.namespace)
  // A listener that redirects everything has a route of its own for that.
  if (places.length === 0 && unit.socket.listeners.some((each) => !isRedirecting(each)))
    comments.push(`${nameOf(first.origin)}: not carried, its routes for ${unit.host}: no listener takes them`)
  if (unit.socket.listeners.length === 0)
    comments.push(
      `${nameOf(first.origin)}: not carried, its routes for ${unit.host}: its gateway ` +
        `${unit.socket.gateways.join(', ')} does not exist`,
    )
  return places.length === 0
    ? []
    : [{ host: unit.host, places, body: bodyOf(first.namespace, unit.socket.port, unit.routes) }]
}

const mostRules = 16

/** One HTTPRoute, or several in order if there are more rules than one may have. */
function httpRoutes(
  {
    name: wanted,
    namespace,
    rules,
    mirrors,
    notes,
    hosts,
    places,
  }: Body & { readonly hosts: readonly string[]; readonly places: readonly string[] },
  { settings }: Writable,
  naming: Naming,
): readonly WrittenObject[] {
  const base = naming({ kind: 'HTTPRoute', namespace, name: wanted })
  const chunks = Array.from({ length: Math.max(1, Math.ceil(rules.length / mostRules)) }, (_, index) => index)
  return chunks.map((chunk): WrittenObject => {
    const name =
      chunk === 0
        ? base
        : naming({ kind: 'HTTPRoute', namespace, name: `${base}-${String(chunk + 1).padStart(2, '0')}` })
    const from = chunk * mostRules
    const isHere = (path: Comment['path']): boolean =>
      path.length === 0 ? chunk === 0 : Number(path[0]) >= from && Number(path[0]) < from + mostRules
    const here = <P extends { readonly path: Comment['path'] }>(placed: readonly P[]): readonly P[] =>
      placed
        .filter(({ path }) => isHere(path))
        .map((each) =>
          each.path.length === 0
            ? each
            : { ...each, path: [Number(each.path[0]) - from, ...each.path.slice(1)] },
        )
    const { annotations, comments } = mirrorAnnotations(here(mirrors), settings)
    const spec = present<Json>({
      parentRefs: places.map((each) => JSON.parse(each) as Json),
      hostnames: hosts.some((host) => host === '*') ? undefined : hosts,
      rules: rules.slice(from, from + mostRules),
    })
    return {
      object: {
        apiVersion: `${gatewayApiGroup}/v1`,
        kind: 'HTTPRoute',
        metadata: present<Json>({ name, namespace, annotations }),
        spec,
      },
      comments: commentsAt(['spec', 'rules'], [...here(notes), ...comments]),
    }
  })
}

function grantOf(crossing: string, naming: Naming): WrittenObject {
  const [from = '', to = ''] = crossing.split(' ')
  const metadata = {
    name: naming({ kind: 'ReferenceGrant', namespace: to, name: `routes-of-${from}` }),
    namespace: to,
  }
  const spec = {
    from: [{ group: gatewayApiGroup, kind: 'HTTPRoute', namespace: from }],
    to: [{ group: '', kind: 'Service' }],
  }
  return {
    object: { apiVersion: `${gatewayApiGroup}/v1beta1`, kind: 'ReferenceGrant', metadata, spec },
    comments: [],
  }
}

function unserved({ tables }: Writable, units: readonly ServedRoutes[]): readonly string[] {
  const served = new Set(units.flatMap((unit) => unit.tables))
  return tables
    .filter((table) => !served.has(table))
    .map(
      ({ origin, hosts }) =>
        `${nameOf(origin)}: no listener serves ${hosts.map(({ host }) => host).join(', ')}, so nothing of ` +
        `it is written`,
    )
}
