import { z } from 'zod'
import type { Manifest } from '../../../manifest/manifest.ts'

const spec = z.looseObject({ ports: z.array(z.looseObject({ port: z.number() })).optional() })

/** Numbers of a Service's ports; undefined if they cannot be read. */
export function servicePorts({ object }: Manifest): readonly number[] | undefined {
  const { data } = spec.safeParse(object['spec'] ?? {})
  return data === undefined ? undefined : (data.ports ?? []).map(({ port }) => port)
}
