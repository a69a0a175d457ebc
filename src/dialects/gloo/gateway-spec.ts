import { z } from 'zod'
import { message } from '../../manifest/message.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import type { GatewayListener } from '../../model/gateway.ts'
import { shortHash } from '../../model/names.ts'
import { portNumber } from '../reading/constraint.ts'
import { inert } from './inert.ts'
import { gatewayGroup } from './kinds.ts'
import { reference } from './reference.ts'
import { expressions, isSelected } from './selector.ts'

const httpGateway = message({
  virtualServices: z.array(reference).optional(),
  virtualServiceSelector: z.record(z.string(), z.string()).optional(),
  virtualServiceExpressions: message({ expressions: expressions.optional() }).optional(),
  virtualServiceNamespaces: z.array(z.string()).optional(),
  options: inert,
})

/** The spec of a gateway.solo.io Gateway. */
export const gatewaySpec = message({
  bindAddress: z.string().optional(),
  bindPort: portNumber,
  proxyNames: z.array(z.string().min(1)).optional(),
  ssl: z.boolean().optional(),
  httpGateway: httpGateway.optional(),
  tcpGateway: inert,
  hybridGateway: inert,
  options: inert,
  routeOptions: inert,
  useProxyProto: z.boolean().optional(),
  namespacedStatuses: inert,
})

export type GatewaySpec = z.infer<typeof gatewaySpec>

/** The label of a proxy; its value is the name. */
export const proxyLabel = 'gateway-proxy-id'

/** The proxies of a Gateway that names none. */
export const defaultProxy = 'gateway-proxy'

/**
 * Whether a Gateway takes a VirtualService: those with `sslConfig` belong to Gateways with `ssl`, all others
 * to those without. Expressions take precedence over labels, labels over names; without any of them it takes
 * all.
 */
export function takes(
  { ssl, httpGateway: http }: GatewaySpec,
  gateway: Manifest,
  virtualService: Manifest,
): boolean {
  if (http === undefined || (ssl === true) !== (sslKey(virtualService) !== undefined)) return false
  const {
    virtualServices = [],
    virtualServiceSelector = {},
    virtualServiceExpressions,
    virtualServiceNamespaces = [],
  } = http
  const namespaces = virtualServiceNamespaces.length === 0 ? ['*'] : virtualServiceNamespaces
  const conditions = virtualServiceExpressions?.expressions ?? []
  if (conditions.length > 0) return isSelected(virtualService, { expressions: conditions, namespaces })
  if (Object.keys(virtualServiceSelector).length > 0)
    return isSelected(virtualService, { labels: virtualServiceSelector, namespaces })
  if (virtualServices.length === 0) return isSelected(virtualService, { namespaces })
  const { id } = virtualService
  return virtualServices.some(
    ({ name, namespace = '' }) =>
      name === id.name && (namespace === '' ? gateway.id.namespace : namespace) === id.namespace,
  )
}

/** Equal for VirtualServices with the same TLS, which share a listener; undefined without `sslConfig`. */
export function sslKey({ object }: Manifest): string | undefined {
  const spec = z.looseObject({ sslConfig: z.looseObject({}) }).safeParse(object['spec']).data
  return spec === undefined ? undefined : shortHash(JSON.stringify(spec.sslConfig))
}

/**
 * The key that the routes of VirtualServices attach to: a Gateway's plain listener, or the one for an
 * `sslConfig`. No other dialect's objects have such a name.
 */
export function attachmentTo(
  { namespace, name }: Manifest['id'],
  ssl: string | undefined,
): GatewayListener['gateway'] {
  return `${namespace}/${name}.${gatewayGroup}${ssl === undefined ? '' : `/${ssl}`}`
}
