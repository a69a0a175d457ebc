import { z } from 'zod'
import type { Origin } from '../../diagnostics/diagnostic.ts'
import { decode } from '../../manifest/decode.ts'
import type { Decoded } from '../../manifest/decode.ts'
import { message } from '../../manifest/message.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import { hasLabels } from '../../model/labels.ts'
import type { Labels } from '../../model/labels.ts'
import type { SecretReference } from '../../model/tls.ts'
import { translated } from '../dialect.ts'
import type { Translated } from '../dialect.ts'
import { noteUnsupported, reportOn } from '../reading/report.ts'
import { ambassadorId } from './ambassador-id.ts'
import { globsMeet } from './host-glob.ts'

const selector = message({
  matchLabels: z.record(z.string(), z.string()).optional(),
  matchExpressions: z.unknown().optional(),
})

/** Envoy accepts whole names, and `*` before the end of one; a port is ignored. */
const hostname = z
  .string()
  .regex(/^(\*|\*?[^*/\s:]+)(:\d+)?$/, { message: 'must be a host name, one that begins with "*", or "*"' })

const hostSpec = message({
  ambassador_id: ambassadorId.optional(),
  hostname: hostname.optional(),
  mappingSelector: selector.optional(),
  selector: selector.optional(),
  tlsSecret: message({ name: z.string().optional(), namespace: z.string().optional() }).optional(),
  requestPolicy: message({
    insecure: message({
      action: z.enum(['Redirect', 'Reject', 'Route']).optional(),
      additionalPort: z.number().int().optional(),
    }).optional(),
  }).optional(),
  acmeProvider: z.unknown().optional(),
  previewUrl: z.unknown().optional(),
  tls: z.unknown().optional(),
  tlsContext: z.unknown().optional(),
})

/** getambassador.io Host. Without any, the one that Emissary assumes: every name, in plain text. */
export interface Host {
  readonly namespace: string
  readonly name: string
  readonly hostname: string
  readonly labels: Labels
  /** Labels of the Mappings that it takes; undefined: only their host name decides. */
  readonly selects: Labels | undefined
  readonly certificate: SecretReference | undefined
  /** The handling of requests in plain text. */
  readonly insecure: 'Redirect' | 'Reject' | 'Route'
  /** Undefined for the assumed one. */
  readonly origin: Origin | undefined
}

export type HostSpec = z.infer<typeof hostSpec>

export const anyHost: Host = {
  namespace: '',
  name: 'default-host',
  hostname: '*',
  labels: {},
  selects: undefined,
  certificate: undefined,
  insecure: 'Route',
  origin: undefined,
}

export function readHost(manifest: Manifest): Decoded<HostSpec> {
  return decode({
    manifest,
    path: ['spec'],
    schema: hostSpec,
    parts: ['requestPolicy', 'tlsSecret', 'mappingSelector', 'selector'],
  })
}

export function hostOf(manifest: Manifest, spec: HostSpec): Host {
  const { namespace, name } = manifest.id
  const secret = spec.tlsSecret
  const selects = labelsWanted(spec.mappingSelector) ?? labelsWanted(spec.selector)
  return {
    namespace,
    name,
    hostname: (spec.hostname ?? '*').replace(/:\d+$/, '').toLowerCase(),
    labels: manifest.labels,
    selects,
    certificate:
      secret?.name === undefined || secret.name === ''
        ? undefined
        : {
            namespace: secret.namespace ?? namespace,
            name: secret.name,
            origin: { object: manifest.id, path: ['spec', 'tlsSecret', 'name'] },
          },
    insecure: spec.requestPolicy?.insecure?.action ?? 'Redirect',
    origin: { object: manifest.id, path: ['spec'] },
  }
}

/** A selector that names no label selects every Mapping. */
function labelsWanted(declared: HostSpec['selector']): Labels | undefined {
  return declared === undefined ? undefined : (declared.matchLabels ?? {})
}

/** The readable Hosts; the assumed one if there are none. */
export function hostsIn(manifests: readonly Manifest[]): readonly Host[] {
  if (manifests.length === 0) return [anyHost]
  return manifests.flatMap((manifest) => {
    const { value } = readHost(manifest)
    return value === undefined ? [] : [hostOf(manifest, value)]
  })
}

/** The hosts that the Mappings of a group name. */
export interface Wanted {
  readonly host: string | undefined
  readonly hostRegex: string | undefined
  readonly labels: Labels
}

/**
 * Whether a Host takes a group (`IRHost.matches_httpgroup`): by the host name of the group, by its labels, or
 * by both if both are given.
 */
export function takes(host: Host, { host: wanted, hostRegex, labels }: Wanted): boolean {
  const isNamed = wanted !== undefined || hostRegex !== undefined
  const meets =
    hostRegex !== undefined || (wanted !== undefined && globsMeet(host.hostname, wanted.toLowerCase()))
  if (host.selects === undefined) return isNamed && meets
  return hasLabels(labels, host.selects) && (!isNamed || meets)
}

/** Listeners and Mappings read a Host; its own translation only reports its mistakes. */
export function translateHost(manifest: Manifest): Translated {
  const { value, diagnostics, rejected } = readHost(manifest)
  const report = reportOn(manifest)
  noteUnsupported(report, { path: ['spec'], value }, ['acmeProvider', 'previewUrl', 'tls', 'tlsContext'])
  noteUnsupported(
    report,
    { path: ['spec', 'requestPolicy', 'insecure'], value: value?.requestPolicy?.insecure },
    ['additionalPort'],
  )
  for (const field of ['mappingSelector', 'selector'] as const)
    noteUnsupported(report, { path: ['spec', field], value: value?.[field] }, ['matchExpressions'])
  return translated({ diagnostics: [...diagnostics, ...report.diagnostics], rejected })
}
