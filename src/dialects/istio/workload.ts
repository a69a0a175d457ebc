import { isIP } from 'node:net'
import { z } from 'zod'
import { decode } from '../../manifest/decode.ts'
import { message } from '../../manifest/message.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import type { Endpoint } from '../../model/backend.ts'
import { hasLabels } from '../../model/labels.ts'
import { translated } from '../dialect.ts'
import type { Surroundings, Translated } from '../dialect.ts'

/** Istio's WorkloadEntry, also as an endpoint of a ServiceEntry. */
export const workload = message({
  address: z.string().refine((address) => !address.startsWith('unix://'), { message: 'is a Unix socket, which is not supported: use an address' }).optional(),
  ports: z.record(z.string(), z.number().int().min(1).max(65535)).optional(),
  labels: z.record(z.string(), z.string()).optional(),
  network: z.string().optional(),
  locality: z.string().optional(),
  weight: z.number().int().min(0).optional(),
  serviceAccount: z.string().optional(),
})

export type Workload = z.infer<typeof workload>

interface NumberedPort {
  readonly number: number
  readonly name: string
  readonly targetPort?: number | undefined
}

/** The endpoint that a workload is for a service with these ports. */
export function endpointOf(value: Workload, ports: readonly NumberedPort[]): Endpoint {
  return {
    address: value.address ?? '',
    ports: Object.fromEntries(ports.map((port) => [port.number, value.ports?.[port.name] ?? port.targetPort ?? port.number])),
    labels: value.labels ?? {},
    weight: value.weight === undefined || value.weight === 0 ? 1 : value.weight,
    locality: value.locality ?? '',
  }
}

/** Reports on a WorkloadEntry; ServiceEntries read it by its labels. */
export function translateWorkloadEntry(manifest: Manifest): Translated {
  const { diagnostics, refused } = decode({ manifest, path: ['spec'], schema: workload, parts: [] })
  return translated({ diagnostics, refused })
}

/** WorkloadEntries and Pods of the namespace with all of the labels, sorted by kind and name. */
export function selectedWorkloads(labels: Readonly<Record<string, string>>, namespace: string, surroundings: Surroundings): readonly Workload[] {
  const entries = surroundings.manifestsOf({ group: 'networking.istio.io', kind: 'WorkloadEntry' }, namespace).flatMap((manifest) => {
    const { value } = decode({ manifest, path: ['spec'], schema: workload, parts: [] })
    if (value === undefined || (value.address ?? '') === '') return []
    const own = { ...manifest.labels, ...value.labels }
    return hasLabels(own, labels) ? [{ ...value, labels: own }] : []
  })
  const pods = surroundings.manifestsOf({ group: '', kind: 'Pod' }, namespace).flatMap((manifest) => {
    const address = podStatus.safeParse(manifest.object['status']).data?.podIP
    return address !== undefined && isIP(address) !== 0 && hasLabels(manifest.labels, labels) ? [{ address, labels: manifest.labels }] : []
  })
  return [...entries, ...pods]
}

const podStatus = z.looseObject({ podIP: z.string().optional() })
