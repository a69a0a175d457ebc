import { objectName } from '../../diagnostics/diagnostic.ts'
import { nameOf } from '../../diagnostics/finding.ts'
import type { Json, JsonObject } from '../../manifest/manifest.ts'
import type { GatewayListener } from '../../model/gateway.ts'
import { compareText, hostIsWithin } from '../../model/names.ts'
import { createRemarks, kubernetesName, present } from '../rendered.ts'
import type { Naming, Remarks, RenderedObject } from '../rendered.ts'
import { gatewayApiGroup, hostname } from '../../dialects/gateway-api/constraint.ts'

/** A listener of a Gateway, and the model's listeners that it replaces. */
interface Section {
  readonly gateway: { readonly namespace: string; readonly name: string }
  readonly name: string
  readonly port: number
  readonly host: string
  readonly redirects: boolean
}

export interface RenderedGateways {
  readonly objects: readonly RenderedObject[]
  /** ParentReferences, as JSON, for routes for the host on these listeners. */
  readonly parents: (
    listeners: readonly GatewayListener[],
    host: string,
    namespace: string,
  ) => readonly string[]
  readonly comments: readonly string[]
}

/**
 * One Gateway for all proxies of a selector, with a listener for each port and host: its proxies have the
 * label of its name.
 */
export function writtenGateways(listeners: readonly GatewayListener[], naming: Naming): RenderedGateways {
  const isOwn = ({ origin: { object } }: GatewayListener): boolean => object.group === gatewayApiGroup
  const groups = [
    ...Map.groupBy(
      listeners.filter((each) => !isOwn(each) && each.serves.kind !== 'passthrough'),
      ({ selector, onlyIn }) => JSON.stringify([sorted(selector), onlyIn]),
    ).values(),
  ]
  const built = groups.map((group) => gatewayOf(group, naming))
  const own = new Map(listeners.filter(isOwn).map((each) => [each, sectionOf(each)]))
  return {
    objects: built.flatMap(({ written }) => written),
    comments: built.flatMap(({ comments }) => comments),
    parents(asked, host, namespace) {
      const [native] = asked.flatMap((each) => own.get(each) ?? [])
      if (native !== undefined)
        return asked.flatMap((each) => own.get(each) ?? []).map((section) => parentOf(section, namespace))
      const sections =
        built.find(({ members }) => asked.some((each) => members.includes(each)))?.sections ?? []
      const onPorts = sections.filter(
        ({ port, redirects }) => !redirects && asked.some((each) => each.port === port),
      )
      return onPorts
        .filter((section) => takes(section, host, onPorts))
        .map((section) => parentOf(section, namespace))
    },
  }
}

/** Requests for a host belong to the closest listener on the port. */
function takes(section: Section, host: string, sections: readonly Section[]): boolean {
  if (!hostIsWithin(host, section.host)) return false
  return !sections.some(
    (other) =>
      other !== section &&
      other.port === section.port &&
      other.host !== section.host &&
      hostIsWithin(other.host, section.host) &&
      hostIsWithin(host, other.host),
  )
}

function sorted(selector: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(selector).toSorted(([a], [b]) => compareText(a, b))
}

function sectionOf({ gateway, port, hosts }: GatewayListener): Section {
  const [namespace = '', name = '', section = ''] = gateway.split('/')
  return { gateway: { namespace, name }, name: section, port, host: hosts[0]?.host ?? '*', redirects: false }
}

function parentOf({ gateway, name }: Section, namespace: string): string {
  return JSON.stringify({
    name: gateway.name,
    ...(gateway.namespace === namespace ? {} : { namespace: gateway.namespace }),
    sectionName: name,
  })
}

interface BuiltGateway {
  readonly members: readonly GatewayListener[]
  readonly sections: readonly Section[]
  readonly written: readonly RenderedObject[]
  readonly comments: readonly string[]
}

function gatewayOf(members: readonly GatewayListener[], naming: Naming): BuiltGateway {
  const [first] = members
  if (first === undefined) return { members, sections: [], written: [], comments: [] }
  const { object } = first.origin
  const namespace = first.namespace === '' ? object.namespace : first.namespace
  const name = naming({ kind: 'Gateway', namespace, name: object.name })
  const gateway = { namespace, name }
  const remarks = createRemarks()
  const sections: Section[] = []
  const servers: JsonObject[] = []
  const comments: string[] = []
  for (const listener of members) {
    if (listener.bind !== '')
      comments.push(`${nameOf(listener.origin)}: not carried, that it listens on ${listener.bind} only`)
    if (servers.some((each) => each['port'] === listener.port && each['protocol'] !== protocolOf(listener))) {
      comments.push(
        `${nameOf(listener.origin)}: not carried, its server on port ${listener.port}, which speaks ` +
          `something else than ${protocolOf(listener)} already`,
      )
      continue
    }
    for (const { host } of listener.hosts) {
      if (sections.some((each) => each.port === listener.port && each.host === host)) continue
      const [visible = '*', ...others] = new Set(
        members
          .filter((each) => each.port === listener.port)
          .flatMap((each) => each.hosts.flatMap((one) => (one.host === host ? [one.namespace] : []))),
      )
      if (host !== '*' && !hostname.safeParse(host).success) {
        comments.push(
          `${nameOf(listener.origin)}: not carried, host ${host}, which the Gateway API does not allow`,
        )
        continue
      }
      const sectionName = distinct(
        kubernetesName(listener.portName === '' ? listener.serves.kind : listener.portName),
        sections,
      )
      sections.push({
        gateway,
        name: sectionName,
        port: listener.port,
        host,
        redirects: listener.serves.kind === 'http' && listener.serves.redirect === 'to-https',
      })
      servers.push(
        serverOf(listener, {
          host,
          visible: others.length === 0 ? visible : '*',
          sectionName,
          namespace,
          index: servers.length,
          remarks,
        }),
      )
    }
  }
  remarks.add(
    ['metadata'],
    `its proxies have the label gateway.networking.k8s.io/gateway-name: ${name}, in its namespace; those ` +
      `of ${object.kind} ${objectName(object)} had ${JSON.stringify(first.selector)}`,
  )
  const spec = { gatewayClassName: 'shadowplane', listeners: servers }
  const written =
    servers.length === 0
      ? []
      : [
          {
            object: {
              apiVersion: `${gatewayApiGroup}/v1`,
              kind: 'Gateway',
              metadata: { name, namespace },
              spec,
            },
            comments: remarks.comments,
          },
          ...redirectRoutes(sections, gateway, naming),
        ]
  return { members, sections, written, comments }
}

function protocolOf({ serves }: Pick<GatewayListener, 'serves'>): 'HTTP' | 'HTTPS' {
  return serves.kind === 'https' ? 'HTTPS' : 'HTTP'
}

function distinct(name: string, sections: readonly Section[]): string {
  const taken = new Set(sections.map((each) => each.name))
  for (let count = 1; ; count += 1) {
    const candidate = count === 1 ? name : `${name}-${count}`
    if (!taken.has(candidate)) return candidate
  }
}

interface ServerSite {
  readonly host: string
  readonly visible: string
  readonly sectionName: string
  readonly namespace: string
  readonly index: number
  readonly remarks: Remarks
}

function serverOf(
  { port, serves }: GatewayListener,
  { host, visible, sectionName, namespace, index, remarks }: ServerSite,
): JsonObject {
  const from =
    visible === '*'
      ? { from: 'All' }
      : visible === namespace
        ? { from: 'Same' }
        : { from: 'Selector', selector: { matchLabels: { 'kubernetes.io/metadata.name': visible } } }
  const certificateRefs =
    serves.kind !== 'https'
      ? []
      : serves.tls.certificates.flatMap((each): readonly JsonObject[] => {
          if (each.kind === 'secret')
            return [
              {
                name: each.secret.name,
                ...(each.secret.namespace === undefined || each.secret.namespace === namespace
                  ? {}
                  : { namespace: each.secret.namespace }),
              },
            ]
          remarks.add(
            ['spec', 'listeners', index, 'tls'],
            `not carried, a certificate in the file ${each.certificate}`,
          )
          return []
        })
  if (
    serves.kind === 'https' &&
    (serves.tls.clients !== undefined ||
      serves.tls.minimumVersion !== undefined ||
      serves.tls.maximumVersion !== undefined ||
      serves.tls.cipherSuites.length > 0 ||
      serves.tls.curves.length > 0)
  ) {
    remarks.add(
      ['spec', 'listeners', index, 'tls'],
      'not carried: which certificates clients must show, versions and ciphers of TLS',
    )
  }
  return present<Json>({
    name: sectionName,
    hostname: host === '*' ? undefined : host,
    port,
    protocol: protocolOf({ serves }),
    tls: serves.kind === 'https' ? { mode: 'Terminate', certificateRefs } : undefined,
    allowedRoutes: { namespaces: from },
  })
}

/** A route that redirects to HTTPS takes the place of all others on listeners that do nothing else. */
function redirectRoutes(
  sections: readonly Section[],
  gateway: Section['gateway'],
  naming: Naming,
): readonly RenderedObject[] {
  const redirecting = sections.filter(({ redirects }) => redirects)
  if (redirecting.length === 0) return []
  const metadata = {
    name: naming({ kind: 'HTTPRoute', namespace: gateway.namespace, name: `${gateway.name}-to-https` }),
    namespace: gateway.namespace,
  }
  const rules = [
    { filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https', statusCode: 301 } }] },
  ]
  return [
    {
      object: {
        apiVersion: `${gatewayApiGroup}/v1`,
        kind: 'HTTPRoute',
        metadata,
        spec: {
          parentRefs: redirecting.map(({ name }) => ({ name: gateway.name, sectionName: name })),
          rules,
        },
      },
      comments: [],
    },
  ]
}
