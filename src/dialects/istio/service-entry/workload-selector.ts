import { isIP } from 'node:net'
import { z } from 'zod'
import { decode } from '../../../manifest/decode.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import type { Labels } from '../../../model/labels.ts'
import { hasLabels } from '../../../model/labels.ts'
import type { ObjectLookup } from '../../dialect.ts'
import { ownLabels, workload } from './workload.ts'
import type { Workload } from './workload.ts'

/** WorkloadEntries and Pods of the namespace with all of the labels, sorted by kind and name. */
export function selectedWorkloads(
  labels: Labels,
  namespace: string,
  lookup: ObjectLookup,
): readonly Workload[] {
  const entries = lookup
    .manifestsOf({ group: 'networking.istio.io', kind: 'WorkloadEntry' }, namespace)
    .flatMap((manifest) => {
      const { value } = decode({ manifest, path: ['spec'], schema: workload, parts: [] })
      if (value === undefined || (value.address ?? '') === '') return []
      const own = ownLabels(manifest, value)
      return hasLabels(own, labels) ? [{ ...value, labels: own }] : []
    })
  const pods = lookup.manifestsOf({ group: '', kind: 'Pod' }, namespace).flatMap((manifest) => {
    const address = readyAddress(manifest)
    return address !== undefined && hasLabels(manifest.labels, labels)
      ? [{ address, labels: manifest.labels }]
      : []
  })
  return [...entries, ...pods]
}

const podStatus = z.looseObject({
  podIP: z.string().optional(),
  phase: z.string().optional(),
  conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).nullish(),
})

/** Undefined for a pod that has no address, has ended, or says that it is not ready. */
function readyAddress({ object }: Manifest): string | undefined {
  const status = podStatus.safeParse(object['status']).data
  if (status === undefined || isIP(status.podIP ?? '') === 0) return undefined
  const isOver = status.phase === 'Succeeded' || status.phase === 'Failed'
  const isUnready = (status.conditions ?? []).some(
    ({ type, status: value }) => type === 'Ready' && value !== 'True',
  )
  return isOver || isUnready ? undefined : status.podIP
}
