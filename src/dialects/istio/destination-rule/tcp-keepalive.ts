import { z } from 'zod'
import { durationSchema } from '../../../manifest/duration.ts'
import { message } from '../../../manifest/message.ts'
import type { TcpKeepalive } from '../../../model/backend.ts'

/** Istio's TcpKeepalive, of a DestinationRule and of MeshConfig. */
export const tcpKeepalive = message({
  probes: z.number().int().min(0).max(2147483647).optional(),
  time: durationSchema.optional(),
  interval: durationSchema.optional(),
})

/** Istio reads 0 probes as "not set". */
export function tcpKeepaliveOf({ probes, time, interval }: z.infer<typeof tcpKeepalive>): TcpKeepalive {
  return {
    ...(probes === undefined || probes === 0 ? {} : { probes }),
    ...(time === undefined ? {} : { time }),
    ...(interval === undefined ? {} : { interval }),
  }
}
