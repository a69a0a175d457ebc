import { z } from 'zod'
import type { Manifest } from '../../../manifest/manifest.ts'
import { intersectHosts } from '../../../model/names.ts'
import type { ObjectLookup } from '../../dialect.ts'
import { resolveGateway, resolveHost, scopedHost } from '../host.ts'
import type { Report } from '../../reading/report.ts'

interface Declared {
  readonly hosts: readonly string[]
  /** The names in `spec.gateways`. */
  readonly gateways: readonly string[]
}

/**
 * Notes gateways that serve none of the VirtualService's hosts, and hosts that none of its gateways serves.
 * Hosts are not checked if they may be for the mesh, or for a Gateway that does not exist.
 */
export function noteGatewayHosts(
  report: Report,
  { hosts, gateways }: Declared,
  { settings, manifest }: ObjectLookup,
): void {
  const { namespace, group } = report.manifest.id
  const wanted = hosts.map((host) => resolveHost(host, namespace, settings.domain))
  const named = gateways.map((gateway) => resolveGateway(gateway, namespace))
  const served = named.map((gateway) => {
    const [ofNamespace = '', name = ''] = gateway.split('/')
    const found =
      gateway === 'mesh' ? undefined : manifest({ group, kind: 'Gateway', namespace: ofNamespace, name })
    return found === undefined ? undefined : serverHosts(found, namespace)
  })
  const serves = (index: number, host: string): boolean =>
    served[index]?.some((each) => intersectHosts(each, host) !== undefined) ?? true
  named.forEach((gateway, index) => {
    const here = served[index]
    if (here === undefined || wanted.some((host) => serves(index, host))) return
    report.note('gateway/host-mismatch', ['spec', 'gateways', index], {
      message:
        `Gateway ${gateway} serves ${here.length === 0 ? 'no host' : here.join(', ')} for ` +
        `namespace ${namespace}, so nothing of ${wanted.join(', ')}: no rule applies there`,
      hint: 'name a host of its servers in hosts, or add one to its servers',
    })
  })
  wanted.forEach((host, index) => {
    if (wanted.every((each) => !named.some((_, gateway) => serves(gateway, each)))) return
    if (named.some((_, gateway) => serves(gateway, host))) return
    report.note('gateway/host-mismatch', ['spec', 'hosts', index], {
      message:
        `none of the gateways ${named.join(', ')} serves ${host}: there are ` +
        [...new Set(served.flatMap((each) => each ?? []))].join(', '),
      hint: 'add the host to the servers of a Gateway, or mesh to gateways',
    })
  })
}

const gatewaySpec = z.looseObject({
  servers: z.array(z.looseObject({ hosts: z.array(z.string()).optional().catch(undefined) })).optional(),
})

/**
 * The hosts that a Gateway serves for VirtualServices of a namespace. Undefined if it cannot be read, or has
 * no servers.
 */
function serverHosts({ object, id }: Manifest, namespace: string): readonly string[] | undefined {
  const hosts =
    gatewaySpec.safeParse(object['spec']).data?.servers?.flatMap((server) => server.hosts ?? []) ?? []
  if (hosts.length === 0) return undefined
  return hosts
    .map((text) => scopedHost(text, id.namespace))
    .filter((each) => each.namespace === '*' || each.namespace === namespace)
    .map(({ host }) => host)
}

/** The part of an HTTP rule that names the gateways of its matches. */
interface MatchingRule {
  readonly match?: readonly { readonly gateways?: readonly string[] | undefined }[] | undefined
}

/** Notes gateways that a match names and the VirtualService does not list: there is no listener for them. */
export function noteMatchGateways(
  report: Report,
  rules: readonly (MatchingRule | undefined)[],
  listed: readonly string[],
): void {
  const { namespace } = report.manifest.id
  const known = new Set(listed.map((gateway) => resolveGateway(gateway, namespace)))
  rules.forEach((rule, index) => {
    rule?.match?.forEach((match, position) => {
      match.gateways?.forEach((gateway, entry) => {
        if (known.has(resolveGateway(gateway, namespace))) return
        const alone = match.gateways?.every((each) => !known.has(resolveGateway(each, namespace))) === true
        report.note('route/unlisted-gateway', ['spec', 'http', index, 'match', position, 'gateways', entry], {
          message:
            `${gateway} is not among the gateways of the VirtualService (${listed.join(', ')}), so ` +
            (alone ? 'the match takes no request' : 'the match takes none from there'),
          hint: `add ${gateway} to spec.gateways, or name one of these`,
        })
      })
    })
  })
}
