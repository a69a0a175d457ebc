import { isIP } from 'node:net'
import { z } from 'zod'
import { decode } from '../../../manifest/decode.ts'
import { message } from '../../../manifest/message.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import type { Endpoint } from '../../../model/backend.ts'
import { translated } from '../../dialect.ts'
import type { ObjectLookup, Read, Reader, ReadObject, Translated } from '../../dialect.ts'
import { largestWeight, longestSocketPath, portNumber } from '../../reading/constraint.ts'
import { reportOn } from '../../reading/report.ts'
import type { Labels } from '../../../model/labels.ts'
import { hasLabels } from '../../../model/labels.ts'
import { serviceHost } from '../../kubernetes/host.ts'

const socketPath = /^unix:\/\/[/@][^\0\r\n]*[^/\0\r\n]$/

/** Istio's WorkloadEntry, also as an endpoint of a ServiceEntry. */
export const workload = message({
  address: z
    .string()
    .refine((address) => !address.startsWith('unix://') || socketPath.test(address), {
      message: 'must be unix:///path/of/a/socket, or unix://@name for an abstract one',
    })
    .refine(
      (address) =>
        !address.startsWith('unix://') || Buffer.byteLength(address) <= 'unix://'.length + longestSocketPath,
      { message: `must be a path of at most ${longestSocketPath} bytes` },
    )
    .optional(),
  ports: z.record(z.string(), portNumber).optional(),
  labels: z.record(z.string(), z.string()).optional(),
  network: z.string().optional(),
  locality: z.string().optional(),
  weight: z.number().int().min(0).max(largestWeight).optional(),
  serviceAccount: z.string().optional(),
}).refine(({ address, ports }) => address?.startsWith('unix://') !== true || ports === undefined, {
  path: ['ports'],
  message: 'mean nothing for a Unix socket',
})

export type Workload = z.infer<typeof workload>

/** A port of a service, as far as endpoints need to know it. */
export interface NumberedPort {
  readonly number: number
  readonly name: string
  readonly targetPort?: number | undefined
}

/** The endpoint that a workload is for a service with these ports. */
export function endpointOf(value: Workload, ports: readonly NumberedPort[]): Endpoint {
  return {
    address: value.address ?? '',
    ports: Object.fromEntries(
      ports.map((port) => [
        port.number,
        portNamed(port.name, value.ports ?? {}) ?? port.targetPort ?? port.number,
      ]),
    ),
    labels: value.labels ?? {},
    weight: value.weight === undefined || value.weight === 0 ? 1 : value.weight,
    locality: localityOf(value),
  }
}

/** `locality`, otherwise the label for it, whose value may hold no `/`. */
function localityOf({ locality = '', labels = {} }: Workload): string {
  return locality === '' ? (labels['istio-locality'] ?? '').replaceAll('.', '/') : locality
}

/**
 * Reports on a WorkloadEntry. ServiceEntries find it by its labels; to Services that select it, it is an
 * endpoint of theirs.
 */
export const workloadEntryReader: Reader<Workload> = {
  read: readWorkloadEntry,
  translate: translateWorkloadEntry,
}

function readWorkloadEntry(manifest: Manifest): Read<Workload> {
  const decoded = decode({ manifest, path: ['spec'], schema: workload, parts: [] })
  const { value } = decoded
  if (value === undefined) return decoded
  const report = reportOn(manifest)
  if ((value.address ?? '') === '') {
    report.note('field/unsupported', ['spec', ...(value.network === undefined ? [] : ['network'])], {
      message: 'without an address it has no endpoint: networks and their gateways are not supported',
    })
  }
  return { ...decoded, diagnostics: [...decoded.diagnostics, ...report.diagnostics] }
}

function translateWorkloadEntry({ manifest, value }: ReadObject<Workload>, lookup: ObjectLookup): Translated {
  const own = ownLabels(manifest, value)
  const origin = { object: manifest.id, path: ['spec'] }
  const endpoints =
    isIP(value.address ?? '') === 0
      ? []
      : servicesSelecting(own, manifest.id.namespace, lookup).map(({ host, ports }) => ({
          host,
          endpoints: [
            {
              ...endpointOf({ ...value, labels: own }, ports(value.ports ?? {})),
              health: 'healthy' as const,
            },
          ],
          origin,
        }))
  return translated({ endpoints })
}

/** Labels of the metadata take precedence over those of the spec. */
export function ownLabels(manifest: Manifest, value: Workload): Readonly<Record<string, string>> {
  return { ...value.labels, ...manifest.labels }
}

const workloadGroup = message({
  metadata: message({
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }).optional(),
  template: workload,
  probe: z.unknown().optional(),
})

/**
 * Reports on a WorkloadGroup, the template of WorkloadEntries that register themselves. A WorkloadGroup
 * itself has no endpoint.
 */
export const workloadGroupReader: Reader = {
  read: (manifest) => decode({ manifest, path: ['spec'], schema: workloadGroup, parts: [] }),
  translate: () => translated({}),
}

/** A Service that selects a workload outside of Kubernetes. */
interface SelectingService {
  readonly host: string
  /** Its ports for a workload with these ports by name: a target port that is a name is one of those. */
  readonly ports: (named: Readonly<Record<string, number>>) => readonly NumberedPort[]
}

/** The Services of the namespace whose selector matches these labels, sorted by name. */
function servicesSelecting(
  labels: Labels,
  namespace: string,
  lookup: ObjectLookup,
): readonly SelectingService[] {
  return lookup.manifestsOf({ group: '', kind: 'Service' }, namespace).flatMap((manifest) => {
    const spec = specOf(manifest)
    if (
      spec?.selector === undefined ||
      Object.keys(spec.selector).length === 0 ||
      !hasLabels(labels, spec.selector)
    )
      return []
    const host = serviceHost(manifest.id.name, namespace, lookup.settings.domain)
    return [
      {
        host,
        ports: (named) =>
          (spec.ports ?? []).map(({ port, name = '', targetPort }) => ({
            number: port,
            name,
            targetPort: typeof targetPort === 'string' ? portNamed(targetPort, named) : targetPort,
          })),
      },
    ]
  })
}

/** A port by a name that the user chose; it may be the name of a property of every object (`constructor`). */
function portNamed(name: string, ports: Readonly<Record<string, number>>): number | undefined {
  return Object.hasOwn(ports, name) ? ports[name] : undefined
}

const serviceSpec = z.looseObject({
  selector: z.record(z.string(), z.string()).optional(),
  ports: z
    .array(
      z.looseObject({
        port: z.number(),
        name: z.string().optional(),
        targetPort: z.union([z.number(), z.string()]).optional(),
      }),
    )
    .optional(),
})

function specOf(manifest: Manifest): z.infer<typeof serviceSpec> | undefined {
  return serviceSpec.safeParse(manifest.object['spec']).data
}
