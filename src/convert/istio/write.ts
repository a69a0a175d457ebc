import { nameOf } from '../../diagnostics/finding.ts'
import type { Json, JsonObject } from '../../manifest/manifest.ts'
import type { BackendPolicy, Service, Discovery, Endpoint, Protocol } from '../../model/backend.ts'
import type { RouteTable } from '../../model/route.ts'
import { lostSettings } from '../lost-settings.ts'
import { mirrorAnnotations } from '../mirror-annotation.ts'
import { placesByBody } from '../served-place.ts'
import { servedRoutes } from '../served-routes.ts'
import type { ServedRoutes } from '../served-routes.ts'
import { createNaming, present, createRemarks } from '../rendered.ts'
import type { Naming, Writable, Rendered, RenderedObject, Remarks } from '../rendered.ts'
import { createBackends, entryHost } from './backend.ts'
import { writtenGateways } from './gateway.ts'
import { ruleComments, writtenRules } from './rule.ts'
import type { RenderedRule } from './rule.ts'
import type { UpstreamTls } from '../../model/tls.ts'

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

const resolutions: Readonly<Record<Discovery, string>> = {
  endpoints: 'STATIC',
  'strict-dns': 'DNS',
  'logical-dns': 'DNS_ROUND_ROBIN',
  'original-destination': 'NONE',
}
const protocols: Readonly<Record<Protocol, string>> = {
  http1: 'HTTP',
  http2: 'HTTP2',
  tcp: 'TCP',
  udp: 'UDP',
  tls: 'TLS',
  detect: 'HTTP',
}

/** The ServiceEntry of a service that Kubernetes does not have, and a DestinationRule if it uses TLS. */
function writtenService(service: Service, model: Writable, naming: Naming): readonly RenderedObject[] {
  const endpoints = model.endpoints
    .filter(({ host }) => host === service.host)
    .flatMap((set) => set.endpoints)
  const policy = model.policies.find(({ host }) => host === service.host)
  return [
    entryOf(service, endpoints, naming),
    ...(policy === undefined ? [] : ruleOf(service, policy, naming)),
  ]
}

function entryOf(
  { host, name, namespace, ports, discovery, external, addresses, subjectAltNames = [] }: Service,
  endpoints: readonly Endpoint[],
  naming: Naming,
): RenderedObject {
  const numbered = ports.map(({ number, name: portName, protocol, targetPort }) => ({
    number,
    name: portName === '' ? `${protocols[protocol].toLowerCase()}-${number}` : portName,
    protocol: protocols[protocol],
    targetPort,
  }))
  const isItself = endpoints.length === 1 && endpoints[0]?.address === host
  const spec = present<Json>({
    hosts: [entryHost(host)],
    addresses: addresses.length === 0 ? undefined : addresses,
    ports: numbered.map((port) => present<Json>(port)),
    location: external ? 'MESH_EXTERNAL' : 'MESH_INTERNAL',
    resolution: resolutions[discovery],
    endpoints:
      endpoints.length === 0 || isItself ? undefined : endpoints.map((each) => endpointOf(each, numbered)),
    subjectAltNames: subjectAltNames.length === 0 ? undefined : subjectAltNames,
  })
  const metadata = { name: naming({ kind: 'ServiceEntry', namespace, name }), namespace }
  return {
    object: { apiVersion: 'networking.istio.io/v1', kind: 'ServiceEntry', metadata, spec },
    comments: [],
  }
}

function endpointOf(
  { address, ports, labels, weight, locality }: Endpoint,
  numbered: readonly { readonly number: number; readonly name: string }[],
): JsonObject {
  const others = numbered.flatMap(({ number, name }) =>
    ports[number] === undefined || ports[number] === number || ports[number] === 0
      ? []
      : [[name, ports[number]] as const],
  )
  return present<Json>({
    address,
    ports: others.length === 0 ? undefined : Object.fromEntries(others),
    labels: Object.keys(labels).length === 0 ? undefined : labels,
    weight: weight === 1 ? undefined : weight,
    locality: locality === '' ? undefined : locality,
  })
}

/** The other settings of connections are no part of routing. */
function ruleOf(
  { host, namespace, name: wanted }: Service,
  {
    settings: {
      all: { tls },
    },
  }: BackendPolicy,
  naming: Naming,
): readonly RenderedObject[] {
  if (tls === undefined) return []
  const remarks = createRemarks()
  const metadata = { name: naming({ kind: 'DestinationRule', namespace, name: wanted }), namespace }
  const spec = { host: entryHost(host), trafficPolicy: { tls: writtenTls(tls, remarks) } }
  return [
    {
      object: { apiVersion: 'networking.istio.io/v1', kind: 'DestinationRule', metadata, spec },
      comments: remarks.comments,
    },
  ]
}

/** Istio's ClientTLSSettings. */
function writtenTls({ certificate, verification, sni }: UpstreamTls, remarks: Remarks): JsonObject {
  const secret =
    certificate?.kind === 'secret'
      ? certificate.secret.name
      : verification !== 'none' && verification.trust.kind === 'secret'
        ? verification.trust.secret.name
        : undefined
  const files =
    certificate?.kind === 'files'
      ? { clientCertificate: certificate.certificate, privateKey: certificate.privateKey }
      : {}
  if (secret !== undefined && (verification === 'none' || verification.trust.kind !== 'secret')) {
    remarks.add(
      ['spec', 'trafficPolicy', 'tls'],
      "not carried: whom the Secret's certificate trusts; Istio reads authorities from it, too",
    )
  }
  const names = verification === 'none' ? [] : verification.subjectAltNames
  return present<Json>({
    mode: certificate === undefined ? 'SIMPLE' : 'MUTUAL',
    credentialName: secret,
    ...files,
    caCertificates:
      verification !== 'none' && verification.trust.kind === 'file' && secret === undefined
        ? verification.trust.path
        : undefined,
    insecureSkipVerify: verification === 'none' ? true : undefined,
    subjectAltNames: names.length === 0 ? undefined : names,
    sni,
  })
}
