import { isIP } from 'node:net'
import { z } from 'zod'
import type { ObjectId } from '../../../diagnostics/diagnostic.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import type { ObjectAddress } from '../../../model/condition.ts'
import { hasLabels } from '../../../model/labels.ts'
import type { ObjectLookup } from '../../dialect.ts'

const spec = z.looseObject({
  type: z.string().optional(),
  selector: z.record(z.string(), z.string()).optional(),
  clusterIP: z.string().optional(),
  clusterIPs: z.array(z.string()).optional(),
  externalIPs: z.array(z.string()).optional(),
})

const status = z.looseObject({
  loadBalancer: z
    .looseObject({
      ingress: z
        .array(z.looseObject({ ip: z.string().optional(), hostname: z.string().optional() }))
        .optional(),
    })
    .optional(),
})

/** Label of the proxies that serve a Gateway, with its name (GEP-1762). */
export const gatewayNameLabel = 'gateway.networking.k8s.io/gateway-name'

/**
 * Where the proxies of a Gateway are reached, by the Services beside it that select them: the addresses of
 * their load balancers, else their external addresses, else their cluster addresses. Undefined if no Service
 * selects them: others may know where they are.
 */
export function addressesOf(gateway: ObjectId, lookup: ObjectLookup): readonly ObjectAddress[] | undefined {
  const { namespace } = gateway
  const services = lookup
    .manifestsOf({ group: '', kind: 'Service' }, namespace)
    .filter((service) => selects(service, gateway, lookup))
  if (services.length === 0) return undefined
  const found = services.map(addressesOfService)
  const values =
    [0, 1, 2].map((rank) => found.flatMap((each) => each[rank] ?? [])).find((each) => each.length > 0) ?? []
  return [...new Set(values)]
    .slice(0, mostAddresses)
    .map((value) => ({ type: isIP(value) === 0 ? 'Hostname' : 'IPAddress', value }))
}

/** GatewayStatus.addresses */
const mostAddresses = 16

/** By the label of the Gateway's name, or by labels that its pods have. */
function selects(service: Manifest, { namespace, name }: ObjectId, lookup: ObjectLookup): boolean {
  const selector = specOf(service)?.selector ?? {}
  if (Object.keys(selector).length === 0) return false
  if (selector[gatewayNameLabel] === name) return true
  const pods = lookup.manifestsOf({ group: '', kind: 'Pod' }, namespace)
  return pods.some(({ labels }) => labels[gatewayNameLabel] === name && hasLabels(labels, selector))
}

/** In the order in which they are preferred. */
function addressesOfService(service: Manifest): readonly (readonly string[])[] {
  const { externalIPs = [], clusterIP = '', clusterIPs = [clusterIP] } = specOf(service) ?? {}
  const ingress = status.safeParse(service.object['status']).data?.loadBalancer?.ingress ?? []
  return [
    ingress.flatMap(({ ip, hostname }) => ip ?? hostname ?? []),
    externalIPs,
    clusterIPs.filter((address) => address !== '' && address !== 'None'),
  ]
}

function specOf({ object }: Manifest): z.infer<typeof spec> | undefined {
  return spec.safeParse(object['spec'] ?? {}).data
}
