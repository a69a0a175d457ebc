import { mapActions, mapVirtualHosts } from './edit.ts'
import { isObject, text } from './output.ts'
import { expecting } from './pair.ts'
import type { Adjustment } from './pair.ts'

const statusCodes = 'retriable-status-codes'

export const retriable503: Adjustment = expecting((istiod) =>
  mapActions(istiod, (action) => {
    const policy = action['retry_policy']
    if (
      !isObject(policy) ||
      !text(policy['retry_on']).split(',').includes(statusCodes) ||
      policy['retriable_status_codes'] !== undefined
    )
      return action
    return { ...action, retry_policy: { ...policy, retriable_status_codes: [503] } }
  }),
)

export const grpcTimeout: Adjustment = expecting((istiod) =>
  mapActions(istiod, ({ max_grpc_timeout: most, ...action }) => {
    return most === '0s' ? { ...action, max_stream_duration: { grpc_timeout_header_max: '0s' } } : action
  }),
)

/**
 * istiod puts the hosts of a VirtualService on port 80 even if they are a service that has no such port: with
 * clusters that do not exist.
 */
export const strayVirtualHosts: Adjustment = expecting((istiod) => {
  const has = (name: string): boolean => name in istiod.clusters
  return mapVirtualHosts(istiod, (host) => {
    const [, name, port] = /^(.+):(\d+)$/.exec(text(host['name'])) ?? []
    const isElsewhere = Object.keys(istiod.clusters).some(
      (cluster) => cluster.startsWith('outbound|') && cluster.endsWith(`||${name}`),
    )
    return port === '80' && isElsewhere && !has(`outbound|80||${name}`) ? undefined : host
  })
})
