import { isIP } from 'node:net'
import { z } from 'zod'
import { decode } from '../../manifest/decode.ts'
import { parts } from '../../manifest/message.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import type { Endpoint } from '../../model/backend.ts'
import { translated } from '../dialect.ts'
import type { ObjectLookup, Reader, ReadObject, Translated } from '../dialect.ts'
import { serviceHost } from './host.ts'

const endpoint = z.looseObject({
  addresses: z.array(z.string()),
  conditions: z.looseObject({ ready: z.boolean().nullish() }).optional(),
  targetRef: z.looseObject({ kind: z.string().optional(), name: z.string().optional() }).optional(),
  zone: z.string().nullish(),
  nodeName: z.string().nullish(),
})

const slice = z
  .looseObject({
    addressType: z.string().optional(),
    endpoints: parts(endpoint).nullish(),
    ports: z
      .array(
        z.looseObject({ name: z.string().nullish(), port: z.number().int().min(1).max(65535).nullish() }),
      )
      .nullish(),
  })
  .superRefine(({ addressType, endpoints }, context) => {
    if (addressType === 'FQDN') return
    for (const [index, each] of (endpoints ?? []).entries()) {
      each?.addresses.forEach((address, at) => {
        if (isIP(address) === 0)
          context.addIssue({
            code: 'custom',
            path: ['endpoints', index, 'addresses', at],
            message: 'must be an IP address',
          })
      })
    }
  })

type Slice = z.infer<typeof slice>

/**
 * A discovery.k8s.io/v1 EndpointSlice: the ready addresses behind a Service, labelled as the Pods that they
 * refer to.
 */
export const endpointSliceReader: Reader<Slice> = {
  read: (manifest) => decode({ manifest, path: [], schema: slice, parts: ['endpoints.*'] }),
  translate: translateEndpointSlice,
}

function translateEndpointSlice({ manifest, value }: ReadObject<Slice>, lookup: ObjectLookup): Translated {
  const serviceName = manifest.labels['kubernetes.io/service-name']
  if (serviceName === undefined || value.addressType === 'FQDN') return translated({})
  const { namespace } = manifest.id
  const service = lookup.manifest({ group: '', kind: 'Service', namespace, name: serviceName })
  const ports = targetPorts(value, service)
  const endpoints = (value.endpoints ?? []).flatMap((each) =>
    each === undefined || each.conditions?.ready === false
      ? []
      : each.addresses.slice(0, 1).map((address): Endpoint => ({
          address,
          ports,
          labels: podLabels(each, namespace, lookup),
          weight: 1,
          locality: localityOf(each, lookup),
          health: 'healthy',
        })),
  )
  return translated({
    endpoints: [
      {
        host: serviceHost(serviceName, namespace, lookup.settings.domain),
        endpoints,
        origin: { object: manifest.id, path: ['endpoints'] },
      },
    ],
  })
}

function podLabels(
  { targetRef: pod }: z.infer<typeof endpoint>,
  namespace: string,
  lookup: ObjectLookup,
): Readonly<Record<string, string>> {
  if (pod?.kind !== 'Pod' || pod.name === undefined) return {}
  return lookup.manifest({ group: '', kind: 'Pod', namespace, name: pod.name })?.labels ?? {}
}

/** The locality of its node, from Kubernetes' own labels; if the node is unknown, the zone alone. */
function localityOf({ zone, nodeName }: z.infer<typeof endpoint>, lookup: ObjectLookup): string {
  const node =
    typeof nodeName !== 'string'
      ? undefined
      : lookup.manifest({ group: '', kind: 'Node', namespace: '', name: nodeName })
  const region = node?.labels['topology.kubernetes.io/region'] ?? ''
  const inZone = node?.labels['topology.kubernetes.io/zone'] ?? zone ?? ''
  return [region, inZone, node?.labels['topology.istio.io/subzone'] ?? ''].join('/').replace(/\/+$/, '')
}

/** Service port number → port of the pods: the two lists are joined by port name. */
function targetPorts({ ports }: Slice, service: Manifest | undefined): Readonly<Record<number, number>> {
  const declared = servicePorts.safeParse(service?.object['spec'])
  if (!declared.success) return {}
  return Object.fromEntries(
    (declared.data.ports ?? []).flatMap(({ name, port }) => {
      const target = (ports ?? []).find((each) => (each.name ?? '') === (name ?? ''))
      return typeof target?.port === 'number' ? [[port, target.port]] : []
    }),
  )
}

const servicePorts = z.looseObject({
  ports: z.array(z.looseObject({ name: z.string().optional(), port: z.number() })).optional(),
})
