import { z } from 'zod'
import type { FieldPath } from '../../../diagnostics/diagnostic.ts'
import { message } from '../../../manifest/message.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import type { BackendReference } from '../../../model/backend.ts'
import { dnsLabel, portNumber } from '../../reading/constraint.ts'
import { resolveHost } from '../host.ts'

/** Istio's Destination. */
export const destination = message({
  host: z
    .string()
    .min(1)
    .refine((host) => host !== '*', { message: 'is "*", must be the host of one service' }),
  subset: z
    .string()
    .regex(dnsLabel, { message: 'must be the name of a subset: lower-case letters, digits and -' })
    .optional(),
  port: message({ number: portNumber.optional() }).optional(),
})

export interface Place {
  readonly manifest: Manifest
  readonly path: FieldPath
  readonly domain: string
}

/** The backend that a destination names; a short host is in the namespace of the object. */
export function backendOf(
  value: z.infer<typeof destination>,
  { manifest, path, domain }: Place,
): BackendReference {
  return {
    host: resolveHost(value.host, manifest.id.namespace, domain),
    port: value.port?.number,
    subset: value.subset,
    origin: { object: manifest.id, path },
  }
}
