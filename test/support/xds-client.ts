import { Client, credentials, Metadata } from '@grpc/grpc-js'
import type { ChannelCredentials, ClientDuplexStream, StatusObject } from '@grpc/grpc-js'
import { services } from '../../src/server/service.ts'
import { decode, encode } from '../../src/xds/proto.ts'
import type { AnyJson, Message } from '../../src/xds/proto.ts'
import { resourceTypeByName, resourceTypeByUrl } from '../../src/xds/resource-types.ts'
import type { TypeName } from '../../src/xds/resource-types.ts'
import { within } from './within.ts'

export type Mode = 'sotw' | 'delta'
export type NodeJson = Message<'envoy.config.core.v3.Node'>

export interface ClientOptions {
  readonly mode: Mode
  readonly node?: NodeJson
  /**
   * Uses the discovery service of this type alone, and names no type in its requests. Aggregated if absent.
   */
  readonly only?: TypeName
  /** Plain text if absent. */
  readonly credentials?: ChannelCredentials
  /** Whether clients with the same credentials share a connection, as they do if absent. */
  readonly connection?: 'shared' | 'own'
  /** Headers of the stream. */
  readonly headers?: Readonly<Record<string, string>>
}

/** A response of either variant, decoded. */
export interface XdsResponse {
  readonly type: TypeName
  readonly nonce: string
  readonly version: string
  readonly resources: readonly XdsResource[]
  /** Names of `resources`, in the order in which they came. */
  readonly names: readonly string[]
  readonly removed: readonly string[]
  readonly bytes: number
}

export interface XdsResource {
  readonly name: string
  /** '' in SotW. */
  readonly version: string
  readonly json: AnyJson
}

/** Fields of a request that a test sets by hand; all others are as a well-behaved client has them. */
export interface RequestOverrides {
  readonly names?: readonly string[]
  readonly subscribe?: readonly string[]
  readonly unsubscribe?: readonly string[]
  readonly nonce?: string
  readonly version?: string
  readonly error?: string
  readonly initialVersions?: Readonly<Record<string, string>>
  readonly node?: NodeJson
  readonly typeUrl?: string
}

const plainNode: NodeJson = { id: 'test-id', cluster: 'test-cluster' }

/**
 * Opens one xDS stream. The caller says everything that is sent on it; the node goes out with the first
 * request.
 */
export function connect(address: string, options: ClientOptions): XdsClient {
  return new XdsClient(address, options)
}

interface TypeState {
  names: readonly string[]
  version: string
  nonce: string
  taken: XdsResponse | undefined
}

export class XdsClient {
  readonly mode: Mode
  readonly #client: Client
  readonly #call: ClientDuplexStream<Buffer, Buffer>
  readonly #types = new Map<TypeName, TypeState>()
  readonly #arrived: XdsResponse[] = []
  readonly #waiting = new Set<() => void>()
  readonly #ended: Promise<StatusObject>
  readonly #only: TypeName | undefined
  #node: NodeJson | undefined

  constructor(
    address: string,
    {
      mode,
      node = plainNode,
      only,
      credentials: channel = credentials.createInsecure(),
      connection = 'shared',
      headers = {},
    }: ClientOptions,
  ) {
    this.mode = mode
    this.#only = only
    this.#node = node
    this.#client = new Client(address, channel, {
      'grpc.use_local_subchannel_pool': connection === 'own' ? 1 : 0,
    })
    const pass = (bytes: Buffer): Buffer => bytes
    this.#call = this.#client.makeBidiStreamRequest(methodPath(mode, only), pass, pass, metadataOf(headers))
    this.#call.on('error', () => undefined)
    this.#ended = new Promise((resolve) => this.#call.on('status', resolve))
    this.#call.on('data', (bytes: Buffer) => {
      this.#arrived.push(read(mode, bytes))
      for (const wake of [...this.#waiting]) wake()
    })
  }

  /** SotW: the whole list of names from now on. Delta: names to add. None: everything. */
  subscribe(type: TypeName, names: readonly string[] = []): void {
    this.#of(type).names = this.mode === 'sotw' ? names : [...this.#of(type).names, ...names]
    this.send(type, this.mode === 'sotw' ? {} : { subscribe: names })
  }

  unsubscribe(type: TypeName, names: readonly string[]): void {
    this.#of(type).names = this.#of(type).names.filter((name) => !names.includes(name))
    this.send(type, this.mode === 'sotw' ? {} : { unsubscribe: names })
  }

  /** The next response of this type, or of any type in the order of arrival. */
  async next(type?: TypeName): Promise<XdsResponse> {
    return this.#noted(
      await within(5_000, `a response${type === undefined ? '' : ` of type ${type}`}`, this.#take(type)),
    )
  }

  /** As `next`, without a bound: for a client that runs until it is closed. */
  async arrival(): Promise<XdsResponse> {
    return this.#noted(await this.#take(undefined))
  }

  /** Resolves when the stream is over, however that came. */
  async ended(): Promise<undefined> {
    await this.#ended
  }

  /** The subscriptions of this client. */
  names(type: TypeName): readonly string[] {
    return this.#of(type).names
  }

  /** Accepts the response that `next` gave last for this type. */
  ack(type: TypeName): void {
    this.#of(type).version = this.#of(type).taken?.version ?? ''
    this.send(type, {})
  }

  /** Refuses it. */
  nack(type: TypeName, message: string): void {
    this.send(type, { error: message })
  }

  /** Any request at all. */
  send(type: TypeName, overrides: RequestOverrides): void {
    this.write(this.mode === 'sotw' ? this.#sotw(type, overrides) : this.#delta(type, overrides))
  }

  /** Any bytes at all. */
  write(bytes: Buffer): void {
    this.#call.write(bytes)
  }

  /** Stops reading from the socket, as a proxy does that is busy elsewhere. */
  pause(): void {
    this.#call.pause()
  }

  resume(): void {
    this.#call.resume()
  }

  /** The status with which the server ended the stream. */
  status(): Promise<StatusObject> {
    return within(5_000, 'the end of the stream', this.#ended)
  }

  async close(): Promise<void> {
    this.#call.cancel()
    this.#client.close()
    await within(5_000, 'the end of the stream', this.#ended)
  }

  #noted(found: XdsResponse): XdsResponse {
    const state = this.#of(found.type)
    state.nonce = found.nonce
    state.taken = found
    return found
  }

  #sotw(type: TypeName, given: RequestOverrides): Buffer {
    const state = this.#of(type)
    return encode('envoy.service.discovery.v3.DiscoveryRequest', {
      node: this.#firstNode(given.node),
      type_url: given.typeUrl ?? this.#typeUrl(type),
      resource_names: given.names ?? state.names,
      version_info: given.version ?? state.version,
      response_nonce: given.nonce ?? state.nonce,
      error_detail: given.error === undefined ? undefined : { code: 13, message: given.error },
    })
  }

  #delta(type: TypeName, given: RequestOverrides): Buffer {
    const isAnswer = given.subscribe === undefined && given.unsubscribe === undefined
    return encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', {
      node: this.#firstNode(given.node),
      type_url: given.typeUrl ?? this.#typeUrl(type),
      resource_names_subscribe: given.subscribe,
      resource_names_unsubscribe: given.unsubscribe,
      initial_resource_versions: given.initialVersions,
      response_nonce: given.nonce ?? (isAnswer ? this.#of(type).nonce : ''),
      error_detail: given.error === undefined ? undefined : { code: 13, message: given.error },
    })
  }

  #typeUrl(type: TypeName): string | undefined {
    return this.#only === undefined ? resourceTypeByName.get(type)?.typeUrl : undefined
  }

  #firstNode(given: NodeJson | undefined): NodeJson | undefined {
    const node = given ?? this.#node
    this.#node = undefined
    return node
  }

  #of(type: TypeName): TypeState {
    const state = this.#types.get(type) ?? { names: [], version: '', nonce: '', taken: undefined }
    this.#types.set(type, state)
    return state
  }

  #take(type: TypeName | undefined): Promise<XdsResponse> {
    return new Promise((resolve) => {
      const look = (): void => {
        const index = this.#arrived.findIndex((one) => type === undefined || one.type === type)
        const [found] = index < 0 ? [] : this.#arrived.splice(index, 1)
        if (found === undefined) return
        this.#waiting.delete(look)
        resolve(found)
      }
      this.#waiting.add(look)
      look()
    })
  }
}

function metadataOf(headers: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value)
  return metadata
}

function methodPath(mode: Mode, only: TypeName | undefined): string {
  const service = services.find(({ type }) => type?.name === only)
  return `/${service?.name}/${service?.methods[mode] ?? 'none'}`
}

function read(mode: Mode, bytes: Buffer): XdsResponse {
  return mode === 'sotw' ? readSotw(bytes) : readDelta(bytes)
}

function readSotw(bytes: Buffer): XdsResponse {
  const message = decode('envoy.service.discovery.v3.DiscoveryResponse', bytes)
  const resources = (message.resources ?? []).map((json) => ({ name: nameOf(json), version: '', json }))
  return response(message, {
    version: message.version_info ?? '',
    resources,
    removed: [],
    bytes: bytes.length,
  })
}

function readDelta(bytes: Buffer): XdsResponse {
  const message = decode('envoy.service.discovery.v3.DeltaDiscoveryResponse', bytes)
  const resources = (message.resources ?? []).map(({ name = '', version = '', resource }) => {
    if (resource === undefined || nameOf(resource) !== name)
      throw new Error(`${name} carries ${JSON.stringify(resource)}`)
    return { name, version, json: resource }
  })
  return response(message, {
    version: message.system_version_info ?? '',
    resources,
    removed: message.removed_resources ?? [],
    bytes: bytes.length,
  })
}

function response(
  message: { readonly type_url?: string | undefined; readonly nonce?: string | undefined },
  fields: Pick<XdsResponse, 'version' | 'resources' | 'removed' | 'bytes'>,
): XdsResponse {
  const type = resourceTypeByUrl.get(message.type_url ?? '')
  if (type === undefined) throw new Error(`a response of type ${message.type_url}`)
  const foreign = fields.resources.filter(({ json }) => json['@type'] !== type.typeUrl)
  if (foreign.length > 0) throw new Error(`${foreign.length} resources of another type than ${type.typeUrl}`)
  return {
    type: type.name,
    nonce: message.nonce ?? '',
    names: fields.resources.map(({ name }) => name),
    ...fields,
  }
}

function nameOf(json: AnyJson): string {
  const name = json['name'] ?? json['cluster_name']
  return typeof name === 'string' ? name : ''
}
