import { errorText } from '../../errors.ts'
import { decode, encode } from '../../xds/proto.ts'
import type { Message } from '../../xds/proto.ts'
import type { Resource } from '../../xds/resource.ts'
import { resourceTypes } from '../../xds/resource-types.ts'
import type { ResourceType } from '../../xds/resource-types.ts'
import { field, fieldHeader } from '../../xds/wire.ts'
import type { ClientState, TypeState } from './client-state.ts'
import { lengthOf } from '../response-writer.ts'

/** The content of a ClientStatusRequest. */
export interface StatusQuestion {
  readonly isMeant: (client: ClientState) => boolean
  readonly contents: 'with' | 'without'
}

/** Says what to write instead. */
export class StatusQuestionError extends Error {}

/** Far more than a question needs; 100 matchers are compared with each client. */
const mostRequestBytes = 64 * 1024
const mostMatchers = 100

type GenericXdsConfig = Message<'envoy.service.status.v3.ClientConfig.GenericXdsConfig'>

/** Reads an encoded ClientStatusRequest. Throws StatusQuestionError. */
export function statusQuestion(request: Uint8Array): StatusQuestion {
  if (request.length > mostRequestBytes) {
    throw new StatusQuestionError(`the request has ${request.length} bytes: ${mostRequestBytes} are allowed`)
  }
  const { node_matchers: matchers = [], exclude_resource_contents: exclude = false } = read(request)
  if (matchers.length > mostMatchers) {
    throw new StatusQuestionError(
      `node_matchers: there are ${matchers.length} matchers, and ${mostMatchers} are allowed: match a prefix`,
    )
  }
  const matches = matchers.map(nodeMatcher)
  return {
    // "The match follows OR semantics"; without a matcher every client matches.
    isMeant: ({ proxy }) => matches.length === 0 || matches.some((match) => match(proxy.id)),
    contents: exclude ? 'without' : 'with',
  }
}

function read(request: Uint8Array): Message<'envoy.service.status.v3.ClientStatusRequest'> {
  try {
    return decode('envoy.service.status.v3.ClientStatusRequest', request)
  } catch (error) {
    throw new StatusQuestionError(`the request is not a valid ClientStatusRequest: ` + errorText(error))
  }
}

/** Matches the node id, with all of envoy.type.matcher.v3.StringMatcher except expressions and extensions. */
function nodeMatcher({
  node_id: wanted,
  node_metadatas: metadata = [],
}: Message<'envoy.type.matcher.v3.NodeMatcher'>): (id: string) => boolean {
  if (metadata.length > 0)
    throw new StatusQuestionError('node_matchers: node_metadatas is not supported: match node_id')
  if (wanted === undefined) return () => true
  const { exact, prefix, suffix, contains, ignore_case: ignoreCase = false } = wanted
  const fold = (text: string): string => (ignoreCase ? text.toLowerCase() : text)
  if (exact !== undefined) return (id) => fold(id) === fold(exact)
  if (prefix !== undefined) return (id) => fold(id).startsWith(fold(prefix))
  if (suffix !== undefined) return (id) => fold(id).endsWith(fold(suffix))
  if (contains !== undefined) return (id) => fold(id).includes(fold(contains))
  throw new StatusQuestionError('node_matchers: node_id takes exact, prefix, suffix or contains here')
}

/**
 * A ClientStatusResponse (config 1) in pieces, in order. The caller may pause after each; some are empty. The
 * contents of resources are not decoded.
 */
export function* clientStatusResponse(
  clients: Iterable<ClientState>,
  { isMeant, contents }: StatusQuestion,
): Generator<readonly Buffer[]> {
  for (const client of clients) {
    if (isMeant(client)) yield* clientConfig(client, contents)
    else yield []
  }
}

/** ClientConfig: node 1, generic_xds_configs 3. */
function* clientConfig(
  client: ClientState,
  contents: StatusQuestion['contents'],
): Generator<readonly Buffer[]> {
  const parts = [field(1, client.node)]
  for (const type of resourceTypes) {
    for (const each of resourceStatuses(type, client)) {
      const config = genericXdsConfig(type, each, contents)
      parts.push(fieldHeader(3, lengthOf(config)), ...config)
      yield []
    }
  }
  yield [fieldHeader(1, lengthOf(parts)), ...parts]
}

/** GenericXdsConfig: xds_config 4 (an Any: type_url 1, value 2). */
function genericXdsConfig(
  type: ResourceType,
  { resource, ...fields }: ResourceStatus,
  contents: StatusQuestion['contents'],
): readonly Buffer[] {
  const head = encode('envoy.service.status.v3.ClientConfig.GenericXdsConfig', {
    type_url: type.typeUrl,
    version_info: resource?.version,
    ...fields,
  })
  if (resource === undefined || contents === 'without') return [head]
  const bytes = type.shown?.(resource.bytes) ?? resource.bytes
  const any = Buffer.concat([field(1, type.typeUrl), fieldHeader(2, bytes.length)])
  return [Buffer.concat([head, fieldHeader(4, any.length + bytes.length), any]), bytes]
}

type ResourceStatus = Pick<
  GenericXdsConfig,
  'name' | 'version_info' | 'config_status' | 'client_status' | 'error_state'
> & {
  /**
   * "the latest config [...], since it is the persisted version in the management server" (csds.proto,
   * ConfigStatus).
   */
  readonly resource: Resource | undefined
}

function resourceStatuses(type: ResourceType, { types, snapshot }: ClientState): readonly ResourceStatus[] {
  const target = snapshot.resources.get(type.name) ?? new Map<string, Resource>()
  const state = types.get(type.name)
  if (state === undefined)
    return [...target.values()].map((resource) => ({
      name: resource.name,
      resource,
      config_status: 'NOT_SENT',
    }))
  const refused = new Map(state.refusal?.resources.map((resource) => [resource.name, resource]))
  return [...new Set([...target.keys(), ...state.held.keys(), ...namesOf(type, state)])]
    .toSorted()
    .map((name) => resourceStatus(name, { state, target: target.get(name), refused: refused.get(name) }))
}

/**
 * The names that the client subscribed to one by one, without `*` ("How the client specifies what resources
 * to return").
 */
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
    return {
      name,
      resource: target,
      config_status: 'ERROR',
      client_status: 'NACKED',
      error_state: errorState(state, target),
    }
  }
  if (target === undefined && held === undefined) {
    return {
      name,
      resource: undefined,
      ...(state.status === 'STALE'
        ? { config_status: 'STALE', client_status: 'REQUESTED' }
        : { config_status: 'SYNCED', client_status: 'DOES_NOT_EXIST' }),
    }
  }
  if (target === undefined) {
    const known = held !== undefined && 'bytes' in held ? held : undefined
    return {
      name,
      resource: known,
      version_info: held?.version,
      config_status: 'STALE',
      client_status: 'ACKED',
    }
  }
  if (held?.version === target.version)
    return { name, resource: target, config_status: 'SYNCED', client_status: 'ACKED' }
  if (held !== undefined) return { name, resource: target, config_status: 'STALE', client_status: 'ACKED' }
  const asked = state.interest.wildcard || state.interest.names.has(name)
  return asked
    ? { name, resource: target, config_status: 'STALE', client_status: 'REQUESTED' }
    : { name, resource: target, config_status: 'NOT_SENT' }
}

function errorState({ refusal }: TypeState, { version }: Resource): GenericXdsConfig['error_state'] {
  return {
    details: refusal?.message,
    last_update_attempt: new Date(refusal?.at ?? 0).toISOString(),
    version_info: version,
  }
}
