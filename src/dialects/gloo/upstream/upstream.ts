import { isIP } from 'node:net'
import { z } from 'zod'
import { decode } from '../../../manifest/decode.ts'
import { message, parts } from '../../../manifest/message.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import type { BackendPolicy, Endpoint, EndpointSet, Service } from '../../../model/backend.ts'
import { objectHost } from '../../../model/names.ts'
import { largestWeight, longestSocketPath, portNumber } from '../../reading/constraint.ts'
import { translated } from '../../dialect.ts'
import type { ObjectLookup, Translated } from '../../dialect.ts'
import { serviceHost } from '../../kubernetes/host.ts'
import { noteUnsupported, reportOn } from '../../reading/report.ts'
import { servicePorts } from './discovered-upstream.ts'
import { inert, inertFields } from '../inert.ts'
import type { Site } from '../reference.ts'
import { upstreamSslConfig, upstreamTls } from './ssl-config.ts'
import { staticHostName } from './static-host.ts'
import { connectionFields, settingsOf } from './upstream-settings.ts'

/** Types of Upstreams that are not served. */
const otherTypes = ['ai', 'aws', 'awsEc2', 'azure', 'consul', 'gcp'] as const

const unsupported = [
  'dnsRefreshRate',
  'failover',
  'healthChecks',
  'httpConnectHeaders',
  'httpConnectSslConfig',
  'httpProxyHostname',
  'ignoreHealthOnHostRemoval',
  'initialConnectionWindowSize',
  'initialStreamWindowSize',
  'overrideStreamErrorOnInvalidHttpMessage',
  'preconnectPolicy',
  'proxyProtocolVersion',
  'respectDnsTtl',
] as const

const kube = message({
  serviceName: z.string().min(1),
  serviceNamespace: z.string().min(1),
  servicePort: portNumber,
  selector: z.record(z.string(), z.string()).optional(),
  ...inertFields(['serviceSpec', 'subsetSpec']),
})

const staticHost = message({
  addr: z.string().min(1),
  port: portNumber,
  loadBalancingWeight: z.number().int().min(1).max(largestWeight).optional(),
  ...inertFields(['sniAddr', 'healthCheckConfig', 'metadata']),
})

const spec = message({
  kube: kube.optional(),
  static: message({
    hosts: parts(staticHost),
    useTls: z.boolean().optional(),
    ...inertFields(['autoSniRewrite', 'serviceSpec']),
  }).optional(),
  pipe: message({
    path: z
      .string()
      .max(longestSocketPath)
      .regex(/^[/@][^\0\r\n]*$/, { message: 'must be the path of a Unix socket, from / on' }),
    serviceSpec: inert,
  }).optional(),
  sslConfig: upstreamSslConfig.optional(),
  useHttp2: z.boolean().optional(),
  ...connectionFields,
  ...inertFields([
    ...otherTypes,
    ...unsupported,
    'disableIstioAutoMtls',
    'discoveryMetadata',
    'namespacedStatuses',
  ]),
})

type Spec = z.infer<typeof spec>

const removableParts = [
  'static.hosts.*',
  'outlierDetection',
  'loadBalancerConfig',
  'circuitBreakers',
  'connectionConfig.*',
  'connectionConfig',
  'maxConcurrentStreams',
  'protocolSelection',
]

/** A gloo.solo.io Upstream: a service that only routes name, with the cluster that Gloo gives it. */
export function translateUpstream(manifest: Manifest, lookup: ObjectLookup): Translated {
  const { value, diagnostics, rejected } = decode({
    manifest,
    path: ['spec'],
    schema: spec,
    parts: removableParts,
  })
  if (value === undefined) return translated({ diagnostics, rejected })
  const report = reportOn(manifest)
  const site: Site = { report, lookup, path: ['spec'] }
  const found = membersOf(value, site)
  noteFields(value, site)
  const served =
    found === undefined
      ? {}
      : {
          services: [serviceOf(found, value, site)],
          endpoints: found.endpoints,
          policies: [policyOf(value, site)],
        }
  return translated({
    ...served,
    diagnostics: [...diagnostics, ...report.diagnostics],
    rejected: rejected || report.rejected,
  })
}

function noteFields(value: Spec, { report, path }: Site): void {
  noteUnsupported(report, { path, value }, unsupported)
  noteUnsupported(report, { path: [...path, 'kube'], value: value.kube }, ['subsetSpec'])
  noteUnsupported(report, { path: [...path, 'static'], value: value.static }, ['autoSniRewrite'])
  value.static?.hosts.forEach((each, index) => {
    noteUnsupported(report, { path: [...path, 'static', 'hosts', index], value: each }, [
      'sniAddr',
      'healthCheckConfig',
      'metadata',
    ])
  })
}

/** The endpoints of an Upstream. */
interface Members extends Pick<Service, 'discovery' | 'endpointsOf' | 'external'> {
  readonly port: number
  readonly endpoints: readonly EndpointSet[]
}

function membersOf(value: Spec, site: Site): Members | undefined {
  const { report } = site
  const fields: Readonly<Record<string, unknown>> = value
  const types = ['kube', 'static', 'pipe', ...otherTypes].filter((field) => fields[field] !== undefined)
  const [type, second] = types
  if (second !== undefined)
    report.reject('field/invalid-value', ['spec', second], {
      message: `it is ${types.join(' and ')}, must be one of them`,
      hint: `remove ${second}, which has no effect`,
    })
  if (value.kube !== undefined) return kubeMembers(value.kube, site)
  if (value.static !== undefined) return staticMembers(value.static, site)
  if (value.pipe !== undefined) return pipeMembers(value.pipe, site)
  if (type === undefined)
    report.reject('field/required', ['spec'], {
      message: 'it does not say where its endpoints are',
      hint: 'write kube or static',
    })
  else
    report.note('field/unsupported', ['spec', type], {
      message:
        `Upstreams of type ${type} are not supported: routes to it are answered with 503, and ` +
        `nothing is mirrored to it`,
      hint: 'there are kube, static and pipe',
    })
  return undefined
}

/** A socket has no port; routes never name it. */
const pipePort = 80

function pipeMembers({ path }: NonNullable<Spec['pipe']>, site: Site): Members {
  const endpoint = { ...anywhere, address: `unix://${path}`, ports: { [pipePort]: 0 } }
  return {
    port: pipePort,
    external: false,
    discovery: 'endpoints',
    endpoints: [setOf(site, [endpoint], ['pipe'])],
  }
}

const anywhere = { labels: {}, weight: 1, locality: '' } as const

function kubeMembers(
  { serviceName: name, serviceNamespace: namespace, servicePort: port, selector }: NonNullable<Spec['kube']>,
  site: Site,
): Members {
  const { report, lookup } = site
  const service = lookup.manifest({ group: '', kind: 'Service', namespace, name })
  const ports = servicePorts(service)
  if (service === undefined) {
    report.note('upstream/unknown-service', ['spec', 'kube', 'serviceName'], {
      message: `there is no Service ${namespace}/${name}, so it has no endpoints`,
    })
  } else if (ports !== undefined && !ports.includes(port)) {
    report.note('upstream/unknown-service', ['spec', 'kube', 'servicePort'], {
      message: `Service ${namespace}/${name} has no port ${port}, so it has no endpoints`,
      hint: `it has ${ports.join(', ')}`,
    })
  }
  const host = serviceHost(name, namespace, lookup.settings.domain)
  return {
    port,
    external: false,
    discovery: 'endpoints',
    endpoints: [],
    endpointsOf: { [port]: { host, port, ...(selector === undefined ? {} : { labels: selector }) } },
  }
}

/**
 * If a name is among the hosts, Envoy resolves them all. Each host has its own port; that of the first is the
 * Upstream's.
 */
function staticMembers({ hosts }: NonNullable<Spec['static']>, site: Site): Members | undefined {
  const listed = hosts.filter((each) => each !== undefined)
  const [first] = listed
  if (first === undefined) {
    site.report.reject('field/invalid-value', ['spec', 'static', 'hosts'], {
      message: 'static names no host, must have one',
    })
    return undefined
  }
  const endpoints = listed.map(({ addr, port, loadBalancingWeight = 1 }): Endpoint => ({
    ...anywhere,
    address: addr,
    ports: { [first.port]: port },
    weight: loadBalancingWeight,
  }))
  const isNamed = listed.some(({ addr }) => isIP(addr) === 0)
  return {
    port: first.port,
    external: true,
    discovery: isNamed ? 'strict-dns' : 'endpoints',
    endpoints: [setOf(site, endpoints, ['static', 'hosts'])],
  }
}

function setOf({ report }: Site, endpoints: readonly Endpoint[], path: readonly string[]): EndpointSet {
  return {
    host: objectHost(report.manifest.id),
    endpoints,
    origin: { object: report.manifest.id, path: ['spec', ...path] },
  }
}

function serviceOf(
  { port, discovery, endpointsOf, external }: Members,
  { useHttp2 }: Spec,
  { report }: Site,
): Service {
  const { id } = report.manifest
  return {
    host: objectHost(id),
    name: id.name,
    namespace: id.namespace,
    ports: [
      { number: port, name: '', protocol: useHttp2 === true ? 'http2' : 'http1', targetPort: undefined },
    ],
    discovery,
    ...(endpointsOf === undefined ? {} : { endpointsOf }),
    external,
    aliases: [],
    addresses: [],
    selector: undefined,
    externalName: undefined,
    namedBy: 'routes',
    clusterNames: { [port]: `${id.name}_${id.namespace}` },
    visibility: 'everywhere',
    origin: { object: id, path: ['spec'] },
  }
}

/** Without `useTls`, a static host on port 443 uses TLS, as in Gloo. */
function policyOf(value: Spec, site: Site): BackendPolicy {
  const { id, created } = site.report.manifest
  const usesTls =
    value.sslConfig !== undefined ||
    (value.static?.useTls ?? value.static?.hosts.some((each) => each?.port === 443) ?? false)
  const serverName = staticHostName(site.report.manifest)
  const tls = usesTls
    ? { tls: upstreamTls(value.sslConfig ?? {}, serverName, { ...site, path: ['spec', 'sslConfig'] }) }
    : {}
  return {
    host: objectHost(id),
    namespace: id.namespace,
    name: id.name,
    visibility: 'everywhere',
    created,
    settings: { all: { ...settingsOf(value, site), ...tls }, ports: {} },
    subsets: [],
    origin: { object: id, path: ['spec'] },
  }
}
