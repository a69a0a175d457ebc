import { isIP } from 'node:net'
import { z } from 'zod'
import type { FieldPath, ObjectId } from '../../../diagnostics/diagnostic.ts'
import { translated } from '../../dialect.ts'
import type { ObjectLookup, Translated } from '../../dialect.ts'
import { classNamed, controllerOfGateway } from './controller.ts'
import { readGateway } from './gateway-spec.ts'
import type { GatewaySpec, Listener } from './gateway-spec.ts'
import { conflictsAmong } from './listener-conflict.ts'
import { judgeListener } from './listener.ts'
import type { JudgedListener } from './listener.ts'
import { noteUnsupported, reportOn } from '../../reading/report.ts'
import type { Report } from '../../reading/report.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import type { ObjectAddress, Condition, ObjectStatus } from '../../../model/condition.ts'
import type { GatewayListener } from '../../../model/gateway.ts'
import { hasLabels } from '../../../model/labels.ts'
import { accepted, notAccepted } from '../conditions.ts'
import { invalidCertificate } from './listener-tls.ts'
import type { Conflict } from './listener-conflict.ts'

/** The key that routes attach to: one listener of a Gateway. */
export function listenerKey(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  listener: string,
): string {
  return `${namespace}/${name}/${listener}`
}

/**
 * A gateway.networking.k8s.io Gateway: its HTTP listeners, and HTTPS listeners with a permitted certificate.
 * Nothing is reported about another controller's Gateway.
 */
export function translateGateway(manifest: Manifest, lookup: ObjectLookup): Translated {
  const translation = translateOwnGateway(manifest, lookup)
  if (controllerOfGateway(manifest, lookup).kind === 'ours') return translation
  const report = reportOn(manifest)
  const { value } = readGateway(manifest)
  if (value !== undefined) noteUnknownClass(value, lookup, report)
  return translated({ diagnostics: report.diagnostics, rejected: translation.rejected })
}

function translateOwnGateway(manifest: Manifest, lookup: ObjectLookup): Translated {
  const { value, diagnostics, rejected } = readGateway(manifest)
  if (value === undefined)
    return translated({ statuses: gatewayStatuses(manifest.id, []), diagnostics, rejected })
  const report = reportOn(manifest)
  noteUnsupported(report, { path: ['spec'], value }, [
    'addresses',
    'infrastructure',
    'allowedListeners',
    'defaultScope',
  ])
  noteUnsupported(report, { path: ['spec', 'tls'], value: value.tls }, ['backend'])
  noteUnknownClass(value, lookup, report)
  const conflicts = conflictsAmong(value.listeners)
  const judged = value.listeners.flatMap((listener, index) => {
    if (listener === undefined) return []
    const path: FieldPath = ['spec', 'listeners', index]
    return [
      {
        listener,
        index,
        conflict: conflicts.get(index),
        ...judgeListener(listener, {
          gateway: value,
          path,
          conflict: conflicts.get(index),
          lookup,
          report,
        }),
      },
    ]
  })
  return translated({
    listeners: judged.flatMap((each) => servedListener(each, manifest)),
    statuses: gatewayStatuses(manifest.id, judged, addressesOf(manifest.id, lookup)),
    diagnostics: [...diagnostics, ...report.diagnostics],
    rejected: rejected || report.rejected,
  })
}

function servedListener(
  { listener, index, serves }: JudgedListener & { readonly listener: Listener; readonly index: number },
  { id, created }: Manifest,
): readonly GatewayListener[] {
  if (serves === undefined) return []
  return [
    {
      gateway: listenerKey(id, listener.name),
      namespace: id.namespace,
      selector: { [gatewayNameLabel]: id.name },
      onlyIn: id.namespace,
      port: listener.port,
      portName: listener.name,
      bind: '',
      serves,
      hosts: [{ namespace: '*', host: listener.hostname ?? '*' }],
      index,
      created,
      origin: { object: id, path: ['spec', 'listeners', index] },
    },
  ]
}

function noteUnknownClass(
  { gatewayClassName: name }: GatewaySpec,
  { manifest, settings }: ObjectLookup,
  report: Report,
): void {
  if (manifest(classNamed(name)) !== undefined) return
  const served =
    settings.gatewayControllers.length === 0
      ? 'served nevertheless'
      : 'not served, because its controller is unknown'
  report.note('gateway/unknown-class', ['spec', 'gatewayClassName'], {
    message: `there is no GatewayClass ${name} here; the Gateway is ${served}`,
  })
}

const spec = z.looseObject({
  type: z.string().optional(),
  selector: z.record(z.string(), z.string()).optional(),
  clusterIP: z.string().optional(),
  clusterIPs: z.array(z.string()).optional(),
  externalIPs: z.array(z.string()).optional(),
})

const status = z.looseObject({
  loadBalancer: z
    .looseObject({
      ingress: z
        .array(z.looseObject({ ip: z.string().optional(), hostname: z.string().optional() }))
        .optional(),
    })
    .optional(),
})

/** Label of the proxies that serve a Gateway, with its name (GEP-1762). */
const gatewayNameLabel = 'gateway.networking.k8s.io/gateway-name'

/**
 * Where the proxies of a Gateway are reached, by the Services beside it that select them: the addresses of
 * their load balancers, else their external addresses, else their cluster addresses. Undefined if no Service
 * selects them: others may know where they are.
 */
function addressesOf(gateway: ObjectId, lookup: ObjectLookup): readonly ObjectAddress[] | undefined {
  const { namespace } = gateway
  const services = lookup
    .manifestsOf({ group: '', kind: 'Service' }, namespace)
    .filter((service) => selects(service, gateway, lookup))
  if (services.length === 0) return undefined
  const found = services.map(addressesOfService)
  const values =
    [0, 1, 2].map((rank) => found.flatMap((each) => each[rank] ?? [])).find((each) => each.length > 0) ?? []
  return [...new Set(values)]
    .slice(0, mostAddresses)
    .map((value) => ({ type: isIP(value) === 0 ? 'Hostname' : 'IPAddress', value }))
}

/** GatewayStatus.addresses */
const mostAddresses = 16

/** By the label of the Gateway's name, or by labels of its Pods. */
function selects(service: Manifest, { namespace, name }: ObjectId, lookup: ObjectLookup): boolean {
  const selector = specOf(service)?.selector ?? {}
  if (Object.keys(selector).length === 0) return false
  if (selector[gatewayNameLabel] === name) return true
  const pods = lookup.manifestsOf({ group: '', kind: 'Pod' }, namespace)
  return pods.some(({ labels }) => labels[gatewayNameLabel] === name && hasLabels(labels, selector))
}

/** In the order in which they are preferred. */
function addressesOfService(service: Manifest): readonly (readonly string[])[] {
  const { externalIPs = [], clusterIP = '', clusterIPs = [clusterIP] } = specOf(service) ?? {}
  const ingress = status.safeParse(service.object['status']).data?.loadBalancer?.ingress ?? []
  return [
    ingress.flatMap(({ ip, hostname }) => ip ?? hostname ?? []),
    externalIPs,
    clusterIPs.filter((address) => address !== '' && address !== 'None'),
  ]
}

function specOf({ object }: Manifest): z.infer<typeof spec> | undefined {
  return spec.safeParse(object['spec'] ?? {}).data
}

/** A listener with all that its conditions say. */
interface ListenerStanding extends JudgedListener {
  readonly listener: Listener
  readonly conflict: Conflict | undefined
}

/**
 * The status of a Gateway, and of each of its listeners. How many routes are attached to one is not known
 * here, nor whether a Gateway without addresses of ours has others: it is Programmed only with one
 * (`gatewayApiStatus`).
 */
function gatewayStatuses(
  gateway: ObjectId,
  listeners: readonly ListenerStanding[],
  addresses?: readonly ObjectAddress[],
): readonly ObjectStatus[] {
  return [
    {
      object: gateway,
      conditions: gatewayConditions(listeners),
      ...(addresses === undefined ? {} : { addresses }),
    },
    ...listeners.map((each): ObjectStatus => ({
      object: gateway,
      section: each.listener.name,
      conditions: listenerConditions(each),
    })),
  ]
}

function gatewayConditions(listeners: readonly ListenerStanding[]): readonly Condition[] {
  const names = (those: readonly ListenerStanding[]): string =>
    those.map(({ listener }) => listener.name).join(', ')
  const rejected = listeners.filter((each) => each.rejected !== undefined)
  const served = listeners.filter(isProgrammed)
  const valid = rejected.length < listeners.length
  const invalid = `not accepted: ${names(rejected)}`
  return [
    !valid
      ? notAccepted('ListenersNotValid', listeners.length === 0 ? 'no listener can be read' : invalid)
      : rejected.length === 0
        ? accepted('every listener is accepted')
        : { type: 'Accepted', status: 'True', reason: 'ListenersNotValid', message: invalid },
    served.length === 0
      ? { type: 'Programmed', status: 'False', reason: 'Invalid', message: 'no listener is served' }
      : { type: 'Programmed', status: 'True', reason: 'Programmed', message: `served: ${names(served)}` },
  ]
}

/** A listener whose certificate does not exist answers no request, although proxies have it already. */
function isProgrammed({ serves, unresolved }: Pick<JudgedListener, 'serves' | 'unresolved'>): boolean {
  return serves !== undefined && unresolved?.reason !== invalidCertificate
}

function listenerConditions({
  serves,
  rejected,
  unresolved,
  conflict,
}: ListenerStanding): readonly Condition[] {
  const why = rejected ?? unresolved
  return [
    rejected === undefined
      ? accepted('the listener is valid')
      : notAccepted(rejected.reason, rejected.message),
    conflict === undefined
      ? {
          type: 'Conflicted',
          status: 'False',
          reason: 'NoConflicts',
          message: 'no other listener takes its requests',
        }
      : { type: 'Conflicted', status: 'True', reason: conflict.reason, message: rejected?.message ?? '' },
    unresolved === undefined
      ? {
          type: 'ResolvedRefs',
          status: 'True',
          reason: 'ResolvedRefs',
          message: 'every reference is resolved',
        }
      : { type: 'ResolvedRefs', status: 'False', ...unresolved },
    !isProgrammed({ serves, unresolved })
      ? {
          type: 'Programmed',
          status: 'False',
          reason: 'Invalid',
          message: why?.message ?? 'it is not served',
        }
      : { type: 'Programmed', status: 'True', reason: 'Programmed', message: 'the listener is served' },
  ]
}
