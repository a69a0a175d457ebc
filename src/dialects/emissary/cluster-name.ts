import { createHash } from 'node:crypto'
import { shortHash } from '../../model/names.ts'
import { isShadow } from './mapping/mapping.ts'
import type { Mapping } from './mapping/mapping.ts'
import type { MappingSpec } from './mapping/mapping-spec.ts'
import { parseServiceName, qualifiedName } from './service-name.ts'

/** Whether a Mapping's requests go out over TLS. */
export function originatesTls({ service, tls }: MappingSpec): boolean {
  const scheme = parseServiceName(service)?.scheme
  return scheme === 'https' || (tls !== undefined && tls !== false && tls !== '')
}

/**
 * The name that Emissary gives the cluster of a Mapping (`IRCluster`), so that its dashboards go on working.
 * Emissary refuses a Mapping that asks for other settings than an earlier one with the same name; here
 * settings that are not in the name end it with a hash.
 */
export function clusterNameOf(mapping: Mapping): string {
  const {
    spec,
    manifest: {
      id: { namespace },
    },
  } = mapping
  const service = parseServiceName(spec.service)
  const marker = isShadow(mapping) ? 'shadow' : (spec.cluster_tag ?? '')
  const tls = originatesTls(spec)
  const name = [
    'cluster',
    ...(marker === '' ? [] : [marker]),
    service === undefined ? '' : qualifiedName(service, namespace),
    ...(tls ? ['otls'] : []),
    ...(tls && spec.host_rewrite !== undefined ? [`hr-${spec.host_rewrite}`] : []),
    namespace,
    ...breakers(spec),
    ...balancer(spec),
  ]
    .join('_')
    .replaceAll(/[^0-9A-Za-z_]/g, '_')
  const {
    connect_timeout_ms: connect,
    cluster_idle_timeout_ms: idle,
    cluster_max_connection_lifetime_ms: lifetime,
    keepalive,
    grpc,
  } = spec
  const others = [
    connect === 3000 ? undefined : connect,
    idle,
    lifetime,
    keepalive,
    grpc === true ? true : undefined,
  ]
  return others.every((each) => each === undefined)
    ? short(name)
    : `${short(name)}_${shortHash(JSON.stringify(others))}`
}

function short(name: string): string {
  return name.length <= 60
    ? name
    : `${name.slice(0, 40)}-${createHash('sha1').update(name).digest('hex').slice(0, 16).toUpperCase()}-0`
}

function breakers({ circuit_breakers: declared = [] }: MappingSpec): readonly string[] {
  return declared.flatMap((each) =>
    each === undefined
      ? []
      : [
          [
            'cb',
            each.priority === undefined ? 'n' : each.priority.slice(0, 1),
            ...(
              [
                ['c', each.max_connections],
                ['p', each.max_pending_requests],
                ['r', each.max_requests],
                ['t', each.max_retries],
              ] as const
            ).map(([letter, value]) => (value === undefined ? '' : `${letter}${value}`)),
          ].join(''),
        ],
  )
}

function balancer({ load_balancer: declared }: MappingSpec): readonly string[] {
  if (declared === undefined) return []
  const { policy, header, cookie, source_ip: sourceIp } = declared
  return [
    [
      'er',
      policy,
      ...(header === undefined ? [] : ['hdr', header]),
      ...(cookie === undefined ? [] : ['cookie', cookie.name]),
      ...(sourceIp === undefined ? [] : ['srcip']),
    ].join('-'),
  ]
}
