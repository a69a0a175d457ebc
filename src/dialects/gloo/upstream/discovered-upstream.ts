import { z } from 'zod'
import type { Manifest } from '../../../manifest/manifest.ts'
import type { ObjectLookup } from '../../dialect.ts'

/** A Service and the port of it for which Gloo's discovery makes an Upstream. */
export interface DiscoveredUpstream {
  readonly namespace: string
  readonly name: string
  readonly port: number
}

/** Numbers of a Service's ports; undefined if they cannot be read. */
export function servicePorts(service: Manifest | undefined): readonly number[] | undefined {
  return z
    .looseObject({ ports: z.array(z.looseObject({ port: z.number() })) })
    .safeParse(service?.object['spec'])
    .data?.ports.map(({ port }) => port)
}

/**
 * The Service and port that an Upstream's name means: Gloo's discovery makes `<namespace>-<service>-<port>`
 * for each (UpstreamName in its projects/gloo/pkg/plugins/kubernetes/uds_convert.go). Names of more than 63
 * characters end in a hash there, and are not found. `known` is false if the Service has no such port.
 */
export function discoveredUpstream(
  upstream: string,
  lookup: ObjectLookup,
): (DiscoveredUpstream & { readonly ports: readonly number[]; readonly known: boolean }) | undefined {
  const [, prefix = '', digits = ''] = /^(.+)-(\d{1,5})$/.exec(upstream) ?? []
  const port = Number(digits)
  const words = prefix.split('-')
  const services = words.slice(1).flatMap((_, index) => {
    const [namespace, name] = [words.slice(0, index + 1).join('-'), words.slice(index + 1).join('-')]
    const ports = servicePorts(lookup.manifest({ group: '', kind: 'Service', namespace, name }))
    return ports === undefined ? [] : [{ namespace, name, port, ports, known: ports.includes(port) }]
  })
  return services.find(({ known }) => known) ?? services[0]
}
