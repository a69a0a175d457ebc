import { isIP } from 'node:net'
import { parsePortMap } from './port-map.ts'
import { envoyMinor, newestMinor } from './envoy-version.ts'
import type { UserAgent } from './envoy-version.ts'
import type { PortMap } from './port-map.ts'

/** The properties of a proxy that its configuration depends on: proxies of one scope share one snapshot. */
export type ScopeKey = string & { readonly brand: unique symbol }

export interface Scope {
  /** `grpc`: a proxyless gRPC client, which takes API listeners by name. */
  readonly role: 'gateway' | 'sidecar' | 'grpc'
  readonly namespace: string
  /** Empty for a plain Envoy: every Gateway's selector matches it (`anyGateway`). */
  readonly labels: Readonly<Record<string, string>>
  /**
   * True for an Envoy that says nothing about itself but id and cluster: it is a gateway that every Gateway
   * selects.
   */
  readonly anyGateway: boolean
  /**
   * Address of a gateway, from its node id: a Service may be in front of it without selecting it. Not part of
   * a shared scope (`targetPorts`).
   */
  readonly address?: string
  /** Ports of Services that lead to a gateway's address → the ports on which it listens for them. */
  readonly targetPorts?: PortMap
  /**
   * Address that listeners bind to; '' means the role's own (0.0.0.0 for gateways, 127.0.0.1 for sidecars).
   */
  readonly bindAddress: string
  readonly portMap: PortMap
  /** `separate`: each virtual host is a resource of its own (VHDS); only Envoy over delta accepts that. */
  readonly virtualHosts: 'inline' | 'separate'
  /**
   * A sidecar to which iptables redirects connections; absent if listeners are bound, and the workload calls
   * them.
   */
  readonly interception?: 'redirect'
  /** `region/zone/subzone`; absent if the proxy does not report it. */
  readonly locality?: string
  /**
   * Minor version of an Envoy 1.x that is older than the newest known one: unsupported settings are left out
   * for it.
   */
  readonly olderEnvoy?: number
}

/** The node of a discovery request, in protobuf JSON, reduced to what we read. */
export interface Node extends UserAgent {
  readonly id?: string | undefined
  readonly cluster?: string | undefined
  readonly metadata?: { readonly [key: string]: unknown } | undefined
  readonly locality?:
    | {
        readonly region?: string | undefined
        readonly zone?: string | undefined
        readonly sub_zone?: string | undefined
      }
    | undefined
}

/**
 * Reads a scope out of a node: Istio's node id and metadata, ours (BIND_ADDRESS, PORT_MAP, ROLE), or nothing
 * at all. The error says what to write.
 */
export function scopeOf(node: Node): { readonly scope: Scope } | { readonly error: string } {
  try {
    return { scope: readScope(node) }
  } catch (error) {
    if (error instanceof NodeError) return { error: error.message }
    throw error
  }
}

/** A proxy of a namespace without any other known property. */
export function bareScope(role: Scope['role'], namespace: string): Scope {
  return {
    role,
    namespace,
    labels: {},
    anyGateway: false,
    bindAddress: '',
    portMap: {},
    virtualHosts: 'inline',
  }
}

/** One string for one scope, independent of the order of labels and ports. */
export function scopeKey(scope: Scope): ScopeKey {
  const {
    role,
    namespace,
    anyGateway,
    address = '',
    targetPorts = {},
    bindAddress,
    virtualHosts,
    interception = 'none',
    locality = '',
    olderEnvoy = 0,
  } = scope
  return JSON.stringify([
    role,
    namespace,
    anyGateway,
    address,
    bindAddress,
    virtualHosts,
    interception,
    locality,
    olderEnvoy,
    sorted(scope.labels),
    sorted(scope.portMap),
    sorted(targetPorts),
  ]) as ScopeKey
}

type Metadata = Readonly<Record<string, unknown>>

/** The node's locality, otherwise the label for it, whose value may hold no `/`. */
function localityOf({ locality }: Node, labels: Scope['labels']): string {
  const said = withoutSlashesAtEnd(
    [locality?.region ?? '', locality?.zone ?? '', locality?.sub_zone ?? ''].join('/'),
  )
  return said === '' ? (labels['istio-locality'] ?? '').replaceAll('.', '/') : said
}

/** A regular expression would take quadratic time for slashes that are not at the end. */
function withoutSlashesAtEnd(path: string): string {
  let end = path.length
  while (path[end - 1] === '/') end -= 1
  return path.slice(0, end)
}

class NodeError extends Error {}

function readScope(node: Node): Scope {
  const { id = '', metadata = {}, user_agent_name: agent = '' } = node
  const named = istioId(id)
  const role = isGrpcClient(agent, metadata) ? 'grpc' : roleOf(named?.role, metadata['ROLE'])
  const namespace = text(metadata, 'NAMESPACE') ?? named?.namespace ?? 'default'
  const labels = labelsOf(metadata['LABELS'])
  const locality = localityOf(node, labels)
  const minor = envoyMinor(node)
  return {
    role,
    namespace,
    labels,
    anyGateway: role === 'gateway' && metadata['LABELS'] === undefined,
    bindAddress: bindAddressOf(metadata),
    portMap: portMapOf(metadata['PORT_MAP']),
    virtualHosts: 'inline',
    ...(role === 'gateway' ? addressOf(named?.address) : {}),
    ...(role === 'sidecar' && isRedirected(metadata['INTERCEPTION_MODE'])
      ? { interception: 'redirect' }
      : {}),
    ...(locality === '' ? {} : { locality }),
    ...(minor === undefined || minor >= newestMinor ? {} : { olderEnvoy: minor }),
  }
}

/**
 * gRPC's libraries name themselves (`gRPC Go`, `gRPC Node Pure JS`); Istio's agent says it in the metadata
 * that it writes for them.
 */
function isGrpcClient(agent: string, metadata: Metadata): boolean {
  return agent.toLowerCase().startsWith('grpc') || metadata['GENERATOR'] === 'grpc'
}

interface IstioId {
  readonly role: Scope['role']
  readonly address: string
  readonly namespace: string
}

/**
 * `sidecar~10.0.0.1~reviews-v1.default~default.svc.cluster.local`; `router` is Istio's word for a gateway.
 * Undefined for any other id.
 */
function istioId(id: string): IstioId | undefined {
  const [kind = '', address = '', workload = '', domain = '', ...rest] = id.split('~')
  if (kind === id) return undefined
  if (kind === 'waypoint' || kind === 'ztunnel')
    throw new NodeError(`node id ${quote(id)}: a ${kind} is not served; write sidecar~… or router~…`)
  if (kind !== 'sidecar' && kind !== 'router') return undefined
  const dot = workload.lastIndexOf('.')
  if (rest.length > 0 || domain === '' || dot < 1 || dot === workload.length - 1) {
    throw new NodeError(`node id ${quote(id)}: write ${kind}~<ip>~<pod>.<namespace>~<namespace>.svc.<domain>`)
  }
  return { role: kind === 'router' ? 'gateway' : 'sidecar', address, namespace: workload.slice(dot + 1) }
}

/**
 * An address by which others may reach a proxy. Empty for a loopback or unspecified one, which many proxies
 * have.
 */
export function addressOf(said: string | undefined): Pick<Scope, 'address'> {
  if (said === undefined || isIP(said) === 0 || /^(127\.|0\.0\.0\.0$|::1?$)/.test(said)) return {}
  return { address: said.toLowerCase() }
}

function roleOf(fromId: Scope['role'] | undefined, value: unknown): Scope['role'] {
  if (value === undefined) return fromId ?? 'gateway'
  if (value !== 'gateway' && value !== 'sidecar')
    throw new NodeError(`metadata.ROLE is ${quote(value)}: write "gateway" or "sidecar"`)
  if (fromId !== undefined && fromId !== value) {
    throw new NodeError(
      `metadata.ROLE is ${quote(value)}, but the node id says ${fromId}: leave ROLE out, or change the id`,
    )
  }
  return value
}

/** Istio's agents say it of every proxy. Absent: bound, as the rules that redirect need privileges. */
function isRedirected(value: unknown): boolean {
  if (value === undefined || value === '' || value === 'NONE') return false
  if (value !== 'REDIRECT')
    throw new NodeError(`metadata.INTERCEPTION_MODE is ${quote(value)}: write "REDIRECT" or "NONE"`)
  return true
}

function text(metadata: Metadata, key: string): string | undefined {
  const value = metadata[key]
  if (value === undefined || value === '') return undefined
  if (typeof value !== 'string') throw new NodeError(`metadata.${key} is ${quote(value)}: write a string`)
  return value
}

const perPod = new Set([
  'pod-template-hash',
  'pod-template-generation',
  'controller-revision-hash',
  'controller-uid',
  'job-name',
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
])

/**
 * Labels that Kubernetes gives to single pods are left out, so that the replicas of a workload share a scope.
 */
function labelsOf(value: unknown): Scope['labels'] {
  if (value === undefined) return {}
  if (!isObject(value))
    throw new NodeError(`metadata.LABELS is ${quote(value)}: write an object, such as {"app": "reviews"}`)
  const labels = Object.entries(value).map(([name, label]): [string, string] => {
    if (typeof label !== 'string')
      throw new NodeError(`metadata.LABELS: ${name} is ${quote(label)}: write a string`)
    return [name, label]
  })
  return Object.fromEntries(
    labels.filter(([name]) => !perPod.has(name) && !name.startsWith('batch.kubernetes.io/')),
  )
}

function bindAddressOf(metadata: Metadata): string {
  const address = text(metadata, 'BIND_ADDRESS') ?? ''
  if (address !== '' && isIP(address) === 0)
    throw new NodeError(
      `metadata.BIND_ADDRESS is ${quote(address)}: write an IP address, such as "127.0.0.1"`,
    )
  return address
}

function portMapOf(value: unknown): Scope['portMap'] {
  const parsed = parsePortMap(value)
  if ('problem' in parsed) throw new NodeError(`metadata.PORT_MAP is ${quote(value)}: ${parsed.problem}`)
  return parsed.portMap
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function sorted(
  record: Readonly<Record<string, string | number>>,
): readonly (readonly [string, string | number])[] {
  return Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1))
}

const longestQuote = 100 // characters

/** A value as JSON, cut. */
function quote(value: unknown): string {
  const json = JSON.stringify(value)
  return json.length > longestQuote ? `${json.slice(0, longestQuote)}…` : json
}
