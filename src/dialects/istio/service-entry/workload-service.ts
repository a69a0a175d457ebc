import { z } from 'zod'
import type { Manifest } from '../../../manifest/manifest.ts'
import type { Labels } from '../../../model/labels.ts'
import { hasLabels } from '../../../model/labels.ts'
import type { ObjectLookup } from '../../dialect.ts'
import { serviceHost } from '../../kubernetes/host.ts'
import type { NumberedPort } from './workload.ts'

/** A Service that selects a workload outside of Kubernetes. */
export interface SelectingService {
  readonly host: string
  /** Its ports for a workload with these ports by name: a target port that is a name is one of those. */
  readonly ports: (named: Readonly<Record<string, number>>) => readonly NumberedPort[]
}

/** The Services of the namespace whose selector matches these labels, sorted by name. */
export function servicesSelecting(
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
export function portNamed(name: string, ports: Readonly<Record<string, number>>): number | undefined {
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
