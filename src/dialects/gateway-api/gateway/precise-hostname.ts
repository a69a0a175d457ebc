import { hostname } from '../constraint.ts'

/** The Gateway API's PreciseHostname: a host name without a wildcard. */
export const preciseHostname = hostname.refine((host) => !host.startsWith('*'), {
  message: 'must be the name of one host, without *',
})
