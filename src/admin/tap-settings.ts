import { millionthsOfPercentage } from '../model/fraction.ts'
import type { Message } from '../xds/proto.ts'
import { ApiError } from './api-error.ts'

/** The choices of a caller for a tap, with the defaults applied. */
export interface TapSettings {
  readonly percent: number
  /** Bytes of each body. */
  readonly bodyLimit: number
  readonly leaseSeconds: number
}

export const defaultBodyLimit = 1024 * 1024
const largestBodyLimit = 16 * 1024 * 1024
const leases = { usual: 30, shortest: 1, longest: 300 }

/** Throws ApiError for what is out of range. */
export function settingsOf({
  percent = 100,
  bodyLimit = 0,
  leaseSeconds = 0,
}: Message<'shadowplane.admin.v1.CreateTapRequest'>): TapSettings {
  const share = millionthsOfPercentage(String(percent))
  if (share === undefined || share.millionths === 0)
    throw new ApiError('INVALID_ARGUMENT', `percent ${percent}: write a percentage from 0.0001 to 100`)
  if (bodyLimit > largestBodyLimit)
    throw new ApiError(
      'INVALID_ARGUMENT',
      `bodyLimit ${bodyLimit}: at most ${largestBodyLimit} bytes of a body are kept`,
    )
  const lease = leaseSeconds === 0 ? leases.usual : leaseSeconds
  if (lease < leases.shortest || lease > leases.longest)
    throw new ApiError(
      'INVALID_ARGUMENT',
      `leaseSeconds ${leaseSeconds}: write ${leases.shortest} to ${leases.longest}`,
    )
  return { percent, bodyLimit: bodyLimit === 0 ? defaultBodyLimit : bodyLimit, leaseSeconds: lease }
}
