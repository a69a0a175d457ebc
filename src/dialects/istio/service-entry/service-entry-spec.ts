import { isIP } from 'node:net'
import { z } from 'zod'
import { message, parts } from '../../../manifest/message.ts'
import { hostPattern, portNumber } from '../../reading/constraint.ts'
import { exportTo } from '../export-to.ts'
import { workload } from './workload.ts'

const port = message({
  number: portNumber,
  name: z.string().min(1),
  protocol: z.string().optional(),
  targetPort: portNumber.optional(),
})

/** A ServiceEntry's `spec`. */
export const spec = message({
  hosts: z
    .array(
      hostPattern.refine((host) => host !== '*', {
        message: 'is "*", must be the name of a host, or begin with *.',
      }),
    )
    .refine((hosts) => hosts.length > 0, { message: 'is empty, must name a host' }),
  addresses: z.array(z.string()).optional(),
  ports: parts(port).optional(),
  location: z.enum(['MESH_EXTERNAL', 'MESH_INTERNAL']).optional(),
  resolution: z.enum(['NONE', 'STATIC', 'DNS', 'DNS_ROUND_ROBIN', 'DYNAMIC_DNS']).optional(),
  endpoints: parts(workload).optional(),
  workloadSelector: message({ labels: z.record(z.string(), z.string()).optional() }).optional(),
  exportTo: exportTo.optional(),
  subjectAltNames: z.array(z.string()).optional(),
})

/** The spec of a ServiceEntry. */
export type Spec = z.infer<typeof spec>
export type EntryPort = z.infer<typeof port>

/** The ports that have no mistake. */
export function portsOf({ ports = [] }: Spec): readonly EntryPort[] {
  return ports.filter((each) => each !== undefined)
}

/** A range of one address is that address. */
export function withoutFullMask(address: string): string {
  const [base = '', bits] = address.split('/')
  return (bits === '32' && isIP(base) === 4) || (bits === '128' && isIP(base) === 6) ? base : address
}
