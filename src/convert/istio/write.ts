import { nameOf } from '../../diagnostics/finding.ts'
import type { Json, JsonObject } from '../../manifest/manifest.ts'
import type { BackendPolicy, Service } from '../../model/backend.ts'
import type { RouteTable } from '../../model/route.ts'
import { lostSettings } from '../lost-settings.ts'
import { mirrorAnnotations } from '../mirror-annotation.ts'
import { placesByBody } from '../served-place.ts'
import { servedRoutes } from '../served-routes.ts'
import type { ServedRoutes } from '../served-routes.ts'
import { createNaming, present } from '../rendered.ts'
import type { Naming, Writable, Rendered, RenderedObject } from '../rendered.ts'
import { createBackends } from './backend.ts'
import { writtenGateways } from './gateway.ts'
import { ruleComments, writtenRules } from './rule.ts'
import type { RenderedRule } from './rule.ts'
import { writtenService } from './service.ts'

/** VirtualServices for route tables, with the Gateways and ServiceEntries that they need. */
export function writeIstio(model: Writable): Rendered {
  const naming = createNaming(model.isTaken)
  const backends = createBackends(model)
  const units = servedRoutes(model.tables, model.listeners)
  const gateways = writtenGateways(
    model.listeners,
    new Set(units.flatMap(({ socket }) => socket?.gateways ?? [])),
    naming,
  )
  const placed = units.map((unit) => ({
    host: unit.host,
    places: unit.socket === undefined ? ['mesh'] : unit.socket.gateways.flatMap(gateways.namesOf),
    body: {
      ...bodyOf(unit),
      rules: writtenRules(unit.routes, {
        backends,
        gatewayName: (key) => (key === 'mesh' ? key : (gateways.namesOf(key)[0] ?? key)),
      }),
    },
  }))
  const services = placesByBody(placed).map(({ hosts, places, body }) =>
    virtualService({ ...body, hosts, places }, model, naming),
  )
  const written = [...backends.named]
  return {
    objects: [
      ...gateways.objects,
      ...written.flatMap((service) => writtenService(service, model, naming)),
      ...services,
    ],
    comments: [...unserved(model, units), ...lostSettings(policiesWithout(model, backends.named))],
  }
}

interface Body {
  readonly namespace: string
  readonly name: string
  readonly exportTo: readonly string[] | undefined
}

interface VirtualServiceParts extends Body {
  readonly rules: readonly RenderedRule[]
  readonly hosts: readonly string[]
  readonly places: readonly string[]
}

/** A table alone gives its name; several that act as one for a host are named after the host. */
function bodyOf({ tables, host }: ServedRoutes): Body {
  const [first, ...more] = tables
  return {
    namespace: first?.namespace ?? '',
    name: more.length === 0 ? (first?.name ?? '') : host === '*' ? 'all-hosts' : host,
    exportTo:
      first === undefined || first.visibility === 'everywhere' ? undefined : first.visibility.namespaces,
  }
}

function virtualService(
  { namespace, name, exportTo, rules, hosts, places }: VirtualServiceParts,
  { settings }: Writable,
  naming: Naming,
): RenderedObject {
  const sayable = rules.filter(({ rule }) => Object.keys(rule).length > 0)
  const unsayable = rules.filter(({ rule }) => Object.keys(rule).length === 0)
  const mirrors = sayable.flatMap((each, index) =>
    each.mirrors.map(({ mirror, path }) => ({ mirror, path: ['spec', 'http', index, ...path] })),
  )
  const { annotations, comments } = mirrorAnnotations(mirrors, settings)
  const metadata = present<Json>({
    name: naming({ kind: 'VirtualService', namespace, name }),
    namespace,
    annotations,
  })
  const http: readonly JsonObject[] = sayable.map(({ rule }) => rule)
  return {
    object: {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata,
      spec: present<Json>({ hosts, gateways: places, exportTo, http }),
    },
    comments: [
      ...unsayable.flatMap((each) => each.comments.map(({ text }) => ({ path: ['spec', 'http'], text }))),
      ...ruleComments(sayable, ['spec', 'http']),
      ...comments,
    ],
  }
}

function unserved({ tables }: Writable, units: readonly ServedRoutes[]): readonly string[] {
  const served = new Set<RouteTable>(units.flatMap((unit) => unit.tables))
  return tables
    .filter((table) => !served.has(table))
    .map(
      ({ origin, hosts }) =>
        `${nameOf(origin)}: no listener serves ${hosts.map(({ host }) => host).join(', ')}, so nothing of ` +
        `it is written`,
    )
}

/** Settings of the routes' destinations, except TLS to those with a DestinationRule. */
function policiesWithout(
  { services, policies, tables }: Writable,
  named: ReadonlySet<Service>,
): readonly BackendPolicy[] {
  const used = new Set(
    tables.flatMap(({ routes }) =>
      routes.flatMap(({ action }) =>
        action.kind === 'forward'
          ? [...action.destinations, ...action.mirrors].map(({ backend }) => backend.host)
          : [],
      ),
    ),
  )
  const foreign = services.filter(
    ({ host, origin }) =>
      used.has(host) && origin.object.group !== '' && origin.object.group !== 'networking.istio.io',
  )
  return foreign.flatMap((service) =>
    policies
      .filter(({ host }) => host === service.host)
      .map((policy) => {
        const { tls, ...others } = policy.settings.all
        return named.has(service) || tls === undefined
          ? { ...policy, settings: { ...policy.settings, all: others } }
          : policy
      }),
  )
}
