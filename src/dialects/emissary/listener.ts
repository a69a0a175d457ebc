import { z } from 'zod'
import type { Origin } from '../../diagnostics/diagnostic.ts'
import { decode } from '../../manifest/decode.ts'
import type { Decoded } from '../../manifest/decode.ts'
import { message } from '../../manifest/message.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import { hasLabels } from '../../model/labels.ts'
import type { Labels } from '../../model/labels.ts'
import { largestInt32, portNumber } from '../reading/constraint.ts'
import { ambassadorId } from './ambassador-id.ts'
import type { Host } from './host.ts'

const layers = ['HTTP', 'PROXY', 'TLS', 'TCP', 'UDP'] as const

const listenerSpec = message({
  ambassador_id: ambassadorId.optional(),
  port: portNumber,
  protocol: z.enum(['HTTP', 'HTTPS', 'HTTPPROXY', 'HTTPSPROXY', 'TCP', 'TLS', 'UDP']).optional(),
  protocolStack: z.array(z.enum(layers)).optional(),
  securityModel: z.enum(['XFP', 'SECURE', 'INSECURE']),
  hostBinding: message({
    namespace: message({ from: z.enum(['SELF', 'ALL', 'SELECTOR']).optional() }).optional(),
    selector: message({
      matchLabels: z.record(z.string(), z.string()).optional(),
      matchExpressions: z.unknown().optional(),
    }).optional(),
  }),
  l7Depth: z.number().int().min(0).max(largestInt32).optional(),
  http2MaxConcurrentStreams: z.unknown().optional(),
  statsPrefix: z.string().optional(),
}).superRefine((spec, context) => {
  if (spec.protocol === undefined && spec.protocolStack === undefined) {
    context.addIssue({
      code: 'custom',
      path: ['protocol'],
      message: 'is required without protocolStack',
      params: { code: 'field/required' },
    })
  }
})

export type ListenerSpec = z.infer<typeof listenerSpec>

/** getambassador.io Listener. Without any, the assumed one. */
export interface Listener {
  readonly namespace: string
  readonly name: string
  readonly port: number
  readonly security: 'XFP' | 'SECURE' | 'INSECURE'
  readonly layers: readonly (typeof layers)[number][]
  /** Namespace of its Hosts; `*` is any. */
  readonly hostNamespace: string
  readonly hostLabels: Labels
  /** Undefined for the assumed one. */
  readonly origin: Origin | undefined
}

const stacks = {
  HTTP: ['HTTP', 'TCP'],
  HTTPS: ['TLS', 'HTTP', 'TCP'],
  HTTPPROXY: ['PROXY', 'HTTP', 'TCP'],
  HTTPSPROXY: ['TLS', 'PROXY', 'HTTP', 'TCP'],
  TCP: ['TCP'],
  TLS: ['TLS', 'TCP'],
  UDP: ['UDP'],
} as const satisfies Record<NonNullable<ListenerSpec['protocol']>, Listener['layers']>

/** Mappings without any Listener are served all the same. */
export const assumedListener: Listener = {
  namespace: '',
  name: 'assumed',
  port: 8080,
  security: 'XFP',
  layers: stacks.HTTP,
  hostNamespace: '*',
  hostLabels: {},
  origin: undefined,
}

export function readListener(manifest: Manifest): Decoded<ListenerSpec> {
  return decode({ manifest, path: ['spec'], schema: listenerSpec, parts: ['l7Depth', 'statsPrefix'] })
}

export function listenerOf({ id }: Manifest, spec: ListenerSpec): Listener {
  return {
    namespace: id.namespace,
    name: id.name,
    port: spec.port,
    security: spec.securityModel,
    layers: spec.protocolStack ?? stacks[spec.protocol ?? 'HTTP'],
    hostNamespace: spec.hostBinding.namespace?.from === 'ALL' ? '*' : id.namespace,
    hostLabels: spec.hostBinding.selector?.matchLabels ?? {},
    origin: { object: id, path: ['spec'] },
  }
}

/** The readable Listeners; the assumed one if there are none. */
export function listenersIn(manifests: readonly Manifest[]): readonly Listener[] {
  if (manifests.length === 0) return [assumedListener]
  return manifests.flatMap((manifest) => {
    const { value } = readListener(manifest)
    return value === undefined ? [] : [listenerOf(manifest, value)]
  })
}

/** Whether a Listener serves a Host; the assumed Host belongs to every Listener. */
export function binds({ hostNamespace, hostLabels }: Listener, host: Host): boolean {
  if (host.origin === undefined) return true
  return (hostNamespace === '*' || hostNamespace === host.namespace) && hasLabels(host.labels, hostLabels)
}
