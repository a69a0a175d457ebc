import { nameOf } from '../../diagnostics/finding.ts'
import type { Json, JsonObject } from '../../manifest/manifest.ts'
import type { BackendPolicy } from '../../model/backend.ts'
import { lostSettings } from '../lost-settings.ts'
import { mirrorAnnotations } from '../mirror-annotation.ts'
import type { PlacedMirror } from '../mirror-annotation.ts'
import { placesByBody } from '../served-place.ts'
import { servedRoutes } from '../served-routes.ts'
import type { ServedRoutes } from '../served-routes.ts'
import { commentsAt, createNaming, present } from '../rendered.ts'
import type { Comment, Naming, Writable, Rendered, RenderedObject } from '../rendered.ts'
import { gatewayApiGroup, hostname } from '../../dialects/gateway-api/constraint.ts'
import { createBackends } from './backend.ts'
import type { Backends } from './backend.ts'
import { writtenGateways } from './gateway.ts'
import type { RenderedGateways } from './gateway.ts'
import { writtenRules } from './rules.ts'
import { hostIsWithin } from '../../model/names.ts'
import type { Route } from '../../model/route.ts'

/** HTTPRoutes for route tables, with the Gateways and ReferenceGrants that they need. */
export function writeGatewayApi(model: Writable): Rendered {
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
  readonly gateways: RenderedGateways
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
): readonly RenderedObject[] {
  const base = naming({ kind: 'HTTPRoute', namespace, name: wanted })
  const chunks = Array.from({ length: Math.max(1, Math.ceil(rules.length / mostRules)) }, (_, index) => index)
  return chunks.map((chunk): RenderedObject => {
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

function grantOf(crossing: string, naming: Naming): RenderedObject {
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

/**
 * Gives units of their own to hosts that routes of a wider host match by `:authority`, because an HTTPRoute
 * has hostnames for that.
 */
function hostsApart(units: readonly ServedRoutes[]): readonly ServedRoutes[] {
  return units.flatMap((unit): readonly ServedRoutes[] => {
    if (unit.socket === undefined) return [unit]
    const known = units.filter(({ socket }) => socket?.key === unit.socket?.key).map(({ host }) => host)
    const asked = [...new Set(unit.routes.flatMap((route) => authorityOf(route) ?? []))].filter(
      (host) => host !== unit.host && hostIsWithin(host, unit.host),
    )
    const own = asked.filter((host) => !known.includes(host))
    return [
      ...own.map((host) => ({ ...unit, host, routes: routesFor(host, unit.routes) })),
      { ...unit, routes: unit.routes.filter((route) => !asked.includes(authorityOf(route) ?? '')) },
    ]
  })
}

/** The routes that a request for the host may take, without the condition that it meets. */
function routesFor(host: string, routes: readonly Route[]): readonly Route[] {
  return routes.flatMap((route): readonly Route[] => {
    const asked = authorityOf(route)
    if (asked === undefined) return [route]
    if (!hostIsWithin(host, asked)) return []
    return [
      {
        ...route,
        match: { ...route.match, headers: route.match.headers.filter(({ name }) => name !== ':authority') },
      },
    ]
  })
}

/** The host in a route's only condition on the authority, with any port; `*` before it matches anything. */
function authorityOf({ match: { headers } }: Route): string | undefined {
  const [only, ...more] = headers.filter(({ name }) => name === ':authority')
  if (only === undefined || more.length > 0 || only.invert || only.match.kind !== 'regex') return undefined
  const { wild, text } =
    /^\(\?i\)(?<wild>\.\+)?(?<text>(?:[a-z0-9-]|\\\.)+)\(:\[0-9\]\+\)\?$/.exec(only.match.value)?.groups ?? {}
  return text === undefined ? undefined : `${wild === undefined ? '' : '*'}${text.replaceAll('\\', '')}`
}

/** The routes of the mesh for one Service, or for one port of it. */
interface MeshUnit {
  /** Namespace of the HTTPRoute: the Service's own, or that of its clients. */
  readonly namespace: string
  /** A ParentReference, as JSON. */
  readonly parent: string
  readonly port: number | undefined
  readonly routes: readonly Route[]
}

/** One for all ports, or one for each if a route has a port of its own. */
function meshUnits(
  { tables, routes, host }: ServedRoutes,
  { services }: Writable,
  comment: (text: string) => void,
): readonly MeshUnit[] {
  const [first] = tables
  const service = services.find((each) => each.host === host)
  if (first === undefined) return []
  if (service === undefined || service.origin.object.group !== '') {
    comment(
      `${nameOf(first.origin)}: not carried, its routes of the mesh for ${host}, which is no Service of ` +
        `Kubernetes`,
    )
    return []
  }
  const seenIn = first.visibility === 'everywhere' ? [service.namespace] : first.visibility.namespaces
  const [namespace, ...more] = seenIn
  if (namespace === undefined || more.length > 0) {
    comment(
      `${nameOf(first.origin)}: not carried, its routes of the mesh for ${host}: they are for clients in ` +
        (seenIn.length === 0 ? 'no namespace' : seenIn.join(', ')),
    )
    return []
  }
  const reference = {
    group: '',
    kind: 'Service',
    name: service.name,
    ...(service.namespace === namespace ? {} : { namespace: service.namespace }),
  }
  const ports = service.ports
    .filter(({ protocol }) => protocol === 'http1' || protocol === 'http2' || protocol === 'detect')
    .map(({ number }) => number)
  if (routes.every(({ applies }) => applies.port === undefined)) {
    const [only, ...others] = ports
    return [
      { namespace, parent: JSON.stringify(reference), port: others.length === 0 ? only : undefined, routes },
    ]
  }
  return ports.map((port) => ({
    namespace,
    parent: JSON.stringify({ ...reference, port }),
    port,
    routes: routes.filter(({ applies }) => applies.port === undefined || applies.port === port),
  }))
}
