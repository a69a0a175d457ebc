import { status } from '@grpc/grpc-js'
import type { MethodDefinition, sendUnaryData, Server, ServerDuplexStream, ServerUnaryCall } from '@grpc/grpc-js'
import { decode, encode } from '../xds/proto.ts'
import type { Message } from '../xds/proto.ts'
import type { Resource } from '../xds/resource.ts'
import { resourceTypes } from '../xds/resource-types.ts'
import type { ResourceType } from '../xds/resource-types.ts'
import { field, fieldHeader } from '../xds/wire.ts'
import type { Gate, Principal } from './authentication.ts'
import type { ClientState, TypeState } from './client-state.ts'

export const clientStatusName = 'envoy.service.status.v3.ClientStatusDiscoveryService'

type ListClients = () => readonly ClientState[]

interface ClientStatusOptions {
  readonly clients: ListClients
  readonly gate: Gate
}

/**
 * Adds Envoy's Client Status Discovery Service: what each connected client has, and what it refuses (envoy/service/status/v3/csds.proto).
 * Whoever is of a namespace is told of the proxies of that namespace.
 */
export function addClientStatus(server: Server, { clients, gate }: ClientStatusOptions): void {
  server.addService({ StreamClientStatus: method('StreamClientStatus', 'stream'), FetchClientStatus: method('FetchClientStatus', 'single') }, {
    StreamClientStatus(call: ServerDuplexStream<Buffer, Buffer>) {
      const enter = (principal: Principal | undefined): void => {
        call.on('data', (request: Buffer) => {
          const answered = answer(request, () => clients().filter(isShownTo(principal)))
          if ('bytes' in answered) call.write(answered.bytes)
          else call.emit('error', answered)
        })
        call.on('end', () => call.end())
      }
      gate.admit(call, { enter, deny: (error) => { call.emit('error', error) } })
    },
    FetchClientStatus(call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) {
      const enter = (principal: Principal | undefined): void => {
        const answered = answer(call.request, () => clients().filter(isShownTo(principal)))
        if ('bytes' in answered) callback(null, answered.bytes)
        else callback(answered)
      }
      gate.admit(call, { enter, deny: callback })
    },
  })
}

function isShownTo(principal: Principal | undefined): (client: ClientState) => boolean {
  return ({ proxy }) => principal?.namespace === undefined || proxy.scope.namespace === principal.namespace
}

function method(name: string, shape: 'single' | 'stream'): MethodDefinition<Buffer, Buffer> {
  const pass = (bytes: Buffer): Buffer => bytes
  return {
    path: `/${clientStatusName}/${name}`, requestStream: shape === 'stream', responseStream: shape === 'stream', originalName: name,
    requestSerialize: pass, requestDeserialize: pass, responseSerialize: pass, responseDeserialize: pass,
  }
}

interface Failure {
  readonly code: status
  readonly details: string
}

type ClientStatusRequest = Message<'envoy.service.status.v3.ClientStatusRequest'>
type GenericXdsConfig = Message<'envoy.service.status.v3.ClientConfig.GenericXdsConfig'>

function answer(request: Uint8Array, clients: ListClients): { readonly bytes: Buffer } | Failure {
  try {
    const { node_matchers: matchers = [], exclude_resource_contents: exclude = false } = read(request)
    const matches = matchers.map(nodeMatcher)
    // "The match follows OR semantics"; without a matcher every client is meant.
    const meant = clients().filter(({ proxy }) => matches.length === 0 || matches.some((match) => match(proxy.id)))
    return { bytes: clientStatusResponse(meant, exclude ? 'without' : 'with') }
  } catch (error) {
    if (error instanceof RequestError) return error
    return { code: status.INTERNAL, details: `shadowplane failed on this request: ${String(error)}` }
  }
}

class RequestError extends Error implements Failure {
  readonly code: status
  readonly details: string

  constructor(code: status, details: string) {
    super(details)
    this.code = code
    this.details = details
  }
}

function read(request: Uint8Array): ClientStatusRequest {
  try {
    return decode('envoy.service.status.v3.ClientStatusRequest', request)
  } catch (error) {
    throw new RequestError(status.INVALID_ARGUMENT, `the request is no ClientStatusRequest: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** On the node id, by all that envoy.type.matcher.v3.StringMatcher has but expressions and extensions. */
function nodeMatcher({ node_id: wanted, node_metadatas: metadata = [] }: Message<'envoy.type.matcher.v3.NodeMatcher'>): (id: string) => boolean {
  if (metadata.length > 0) throw new RequestError(status.INVALID_ARGUMENT, 'node_matchers: node_metadatas is not supported: match node_id')
  if (wanted === undefined) return () => true
  const { exact, prefix, suffix, contains, ignore_case: ignoreCase = false } = wanted
  const fold = (text: string): string => (ignoreCase ? text.toLowerCase() : text)
  if (exact !== undefined) return (id) => fold(id) === fold(exact)
  if (prefix !== undefined) return (id) => fold(id).startsWith(fold(prefix))
  if (suffix !== undefined) return (id) => fold(id).endsWith(fold(suffix))
  if (contains !== undefined) return (id) => fold(id).includes(fold(contains))
  throw new RequestError(status.INVALID_ARGUMENT, 'node_matchers: node_id takes exact, prefix, suffix or contains here')
}

const mostBytes = 128 * 1024 * 1024

/** ClientStatusResponse: config 1. The contents of resources are never decoded, and counted before they are put together. */
function clientStatusResponse(clients: readonly ClientState[], contents: 'with' | 'without'): Buffer {
  const parts: Buffer[] = []
  let length = 0
  for (const client of clients) {
    const config = clientConfig(client, contents)
    length += config.length
    if (length > mostBytes) {
      throw new RequestError(status.RESOURCE_EXHAUSTED, `the answer is larger than ${mostBytes / 1024 / 1024} MiB: match fewer nodes, or set exclude_resource_contents`)
    }
    parts.push(fieldHeader(1, config.length), config)
  }
  return Buffer.concat(parts)
}

/** ClientConfig: node 1, generic_xds_configs 3. */
function clientConfig(client: ClientState, contents: 'with' | 'without'): Buffer {
  const configs = resourceTypes.flatMap((type) => resourceStatuses(type, client).map((each) => genericXdsConfig(type, each, contents)))
  return Buffer.concat([field(1, client.node), ...configs.flatMap((config) => [fieldHeader(3, config.length), config])])
}

/** GenericXdsConfig: xds_config 4 (an Any: type_url 1, value 2). */
function genericXdsConfig(type: ResourceType, { resource, ...fields }: ResourceStatus, contents: 'with' | 'without'): Buffer {
  const head = encode('envoy.service.status.v3.ClientConfig.GenericXdsConfig', { type_url: type.typeUrl, version_info: resource?.version, ...fields })
  if (resource === undefined || contents === 'without') return head
  const bytes = type.shown?.(resource.bytes) ?? resource.bytes
  const any = Buffer.concat([field(1, type.typeUrl), fieldHeader(2, bytes.length)])
  return Buffer.concat([head, fieldHeader(4, any.length + bytes.length), any, bytes])
}

type ResourceStatus = Pick<GenericXdsConfig, 'name' | 'version_info' | 'config_status' | 'client_status' | 'error_state'> & {
  /** "the latest config [...], since it is the persisted version in the management server" (csds.proto, ConfigStatus). */
  readonly resource: Resource | undefined
}

function resourceStatuses(type: ResourceType, { types, snapshot }: ClientState): readonly ResourceStatus[] {
  const target = snapshot.resources.get(type.name) ?? new Map<string, Resource>()
  const state = types.get(type.name)
  if (state === undefined) return [...target.values()].map((resource) => ({ name: resource.name, resource, config_status: 'NOT_SENT' }))
  const refused = new Map(state.refusal?.resources.map((resource) => [resource.name, resource]))
  return [...new Set([...target.keys(), ...state.held.keys(), ...namesOf(type, state)])].toSorted().map((name) =>
    resourceStatus(name, { state, target: target.get(name), refused: refused.get(name) }))
}

/** Those that the client asked for one by one; `*` is none ("How the client specifies what resources to return"). */
function namesOf(type: ResourceType, { interest }: TypeState): readonly string[] {
  return [...interest.names].filter((name) => !type.wildcard || name !== '*')
}

interface Known {
  readonly state: TypeState
  readonly target: Resource | undefined
  readonly refused: Resource | undefined
}

function resourceStatus(name: string, { state, target, refused }: Known): ResourceStatus {
  const held = state.held.get(name)
  if (target !== undefined && target.version === refused?.version && target.version !== held?.version) {
    return { name, resource: target, config_status: 'ERROR', client_status: 'NACKED', error_state: errorState(state, target) }
  }
  if (target === undefined && held === undefined) {
    return { name, resource: undefined, ...(state.status === 'STALE' ? { config_status: 'STALE', client_status: 'REQUESTED' } : { config_status: 'SYNCED', client_status: 'DOES_NOT_EXIST' }) }
  }
  if (target === undefined) {
    const known = held !== undefined && 'bytes' in held ? held : undefined
    return { name, resource: known, version_info: held?.version, config_status: 'STALE', client_status: 'ACKED' }
  }
  if (held?.version === target.version) return { name, resource: target, config_status: 'SYNCED', client_status: 'ACKED' }
  if (held !== undefined) return { name, resource: target, config_status: 'STALE', client_status: 'ACKED' }
  const asked = state.interest.wildcard || state.interest.names.has(name)
  return asked ? { name, resource: target, config_status: 'STALE', client_status: 'REQUESTED' } : { name, resource: target, config_status: 'NOT_SENT' }
}

function errorState({ refusal }: TypeState, { version }: Resource): GenericXdsConfig['error_state'] {
  return { details: refusal?.message, last_update_attempt: new Date(refusal?.at ?? 0).toISOString(), version_info: version }
}
