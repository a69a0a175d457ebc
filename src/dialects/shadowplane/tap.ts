import { isIP } from 'node:net'
import { z } from 'zod'
import { decode } from '../../manifest/decode.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import { message } from '../../manifest/message.ts'
import { attachToAll, attachToHost, attachToObject } from '../../model/attach.ts'
import type { Attachment, AttachKey } from '../../model/attach.ts'
import type { EndpointSet, Service } from '../../model/backend.ts'
import { everyRequest } from '../../model/fraction.ts'
import type { Millionths } from '../../model/fraction.ts'
import type { Mirror, MirrorLimits } from '../../model/mirror.ts'
import { objectHost } from '../../model/names.ts'
import { translated } from '../dialect.ts'
import type { GroupKind, ObjectLookup, Translated } from '../dialect.ts'
import { serviceHost } from '../kubernetes/host.ts'
import { mirroredShare } from '../reading/percentage.ts'
import { reportOn } from '../reading/report.ts'

/**
 * A tap: copies of the requests of some routes, to a recorder for as long as the object is there. Only the
 * admin API makes them.
 */
export const tapKind = {
  group: 'shadowplane.io',
  versions: ['v1alpha1'],
  kind: 'Tap',
} as const satisfies GroupKind

const route = message({
  group: z.string().optional(),
  kind: z.string(),
  namespace: z.string(),
  name: z.string(),
  rule: z.string().optional(),
})

const spec = message({
  /** Neither `route` nor `host`: every route. */
  route: route.optional(),
  host: z.string().min(1).optional(),
  percentage: z.number().optional(),
  recorder: message({ address: z.string().min(1), port: z.number().int().min(1).max(65_535) }),
})

type Spec = z.infer<typeof spec>

/** A recorder answers at once, so that many copies may be under way for a moment. Milliseconds. */
const limits: MirrorLimits = {
  maxStreamDuration: 15_000,
  maxConnections: 512,
  maxPendingRequests: 1024,
  maxRequests: 1024,
  // The most that `tap --body-limit` keeps.
  maxBody: 16 * 1024 * 1024,
  connectionBuffer: 16 * 1024,
  outlierDetection: 'on',
}

/** The port by which routes name the recorder; the endpoint has the real one. */
const servicePort = 80

/**
 * A shadowplane.io/v1alpha1 Tap: a mirror attached to the routes of other objects, and the recorder as the
 * service that receives it.
 */
export function translateTap(manifest: Manifest, lookup: ObjectLookup): Translated {
  const { value, diagnostics, rejected } = decode({ manifest, path: ['spec'], schema: spec, parts: [] })
  if (value === undefined) return translated({ diagnostics, rejected })
  const report = reportOn(manifest)
  const fraction =
    value.percentage === undefined ? everyRequest : mirroredShare(['spec', 'percentage'], report)
  const { service, endpoints } = recorderOf(manifest, value)
  return translated({
    services: [service],
    endpoints: [endpoints],
    attachments:
      fraction === undefined || fraction === 0
        ? []
        : attachmentsOf(manifest, {
            value,
            fraction,
            host: service.host,
            domain: lookup.settings.domain,
          }),
    diagnostics: [...diagnostics, ...report.diagnostics],
    rejected: rejected || report.rejected,
  })
}

interface Tapped {
  readonly value: Spec
  readonly fraction: Millionths
  /** Address of the recorder. */
  readonly host: string
  readonly domain: string
}

function attachmentsOf({ id }: Manifest, { value, fraction, host, domain }: Tapped): readonly Attachment[] {
  const field = value.route !== undefined ? 'route' : value.host !== undefined ? 'host' : undefined
  const origin = { object: id, path: field === undefined ? ['spec'] : ['spec', field] }
  const mirror: Mirror = {
    backend: {
      host,
      port: servicePort,
      subset: undefined,
      origin: { object: id, path: ['spec', 'recorder'] },
    },
    fraction,
    runtimeKey: `shadowplane.mirror.${id.namespace}.${id.name}.tap.recorder`,
    host: { kind: 'keep' },
    cluster: 'shared',
    limits,
    origin,
  }
  const [last, ...others] = targetsOf(value, { domain, namespace: id.namespace }).toReversed()
  const attachment = (target: AttachKey): Attachment => ({
    target,
    mirror,
    order: `~tap ${id.namespace}/${id.name}`,
    oneOf: `tap ${id.namespace}/${id.name}`,
    among: 'forwards',
    origin,
  })
  return [
    ...others.map((target): Attachment => ({ ...attachment(target), optional: true })),
    ...(last === undefined ? [] : [attachment(last)]),
  ]
}

/**
 * A host without a dot is also the Service of that name, as in the routes of most dialects; only the last one
 * is reported if none exists.
 */
function targetsOf(
  { route: object, host }: Spec,
  { domain, namespace }: { readonly domain: string; readonly namespace: string },
): readonly AttachKey[] {
  if (object !== undefined)
    return [
      attachToObject(
        { group: object.group ?? '', kind: object.kind, namespace: object.namespace, name: object.name },
        object.rule,
      ),
    ]
  if (host === undefined) return [attachToAll]
  return [
    attachToHost(host),
    ...(host.includes('.') || host === '*' ? [] : [attachToHost(serviceHost(host, namespace, domain))]),
  ]
}

function recorderOf(
  { id }: Manifest,
  { recorder: { address, port } }: Spec,
): { readonly service: Service; readonly endpoints: EndpointSet } {
  const host = objectHost(id)
  const origin = { object: id, path: ['spec', 'recorder'] }
  return {
    service: {
      host,
      name: id.name,
      namespace: id.namespace,
      origin,
      ports: [{ number: servicePort, name: 'http', protocol: 'http1', targetPort: port }],
      discovery: isIP(address) === 0 ? 'strict-dns' : 'endpoints',
      aliases: [],
      addresses: [],
      external: true,
      selector: undefined,
      externalName: undefined,
      visibility: 'everywhere',
      namedBy: 'routes',
    },
    endpoints: {
      host,
      endpoints: [
        { address, ports: { [servicePort]: port }, labels: {}, weight: 1, locality: '', health: 'healthy' },
      ],
      origin,
    },
  }
}
