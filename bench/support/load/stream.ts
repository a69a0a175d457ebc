import type { HostPort } from '../../../src/envoy/bootstrap.ts'
import { encodeRequest, noNames } from './discovery-request.ts'
import type { DiscoveryRequest } from './discovery-request.ts'
import { typeUrls } from './discovery-response.ts'
import type { Carried, Mode, ResponseReader } from './discovery-response.ts'
import { GrpcStream } from './grpc-stream.ts'
import {
  afterChange,
  afterWhole,
  changeOfNames,
  followers,
  hasVirtualHosts,
  holdsAll,
  namesFollowed,
  noneAsked,
  nothingHeld,
  restricted,
  someVhds,
  versionsHeld,
} from './stream-state.ts'
import type { Names, TypeState } from './stream-state.ts'

/**
 * The types that a stream requests by itself, one after the other: each when all before it, and the names in
 * those, have arrived.
 */
export interface Stage {
  readonly typeUrl: string
  /** Undefined: everything. */
  readonly names: Names | undefined
}

export interface LoadStreamOptions {
  readonly host: string
  readonly port: number
  /** As in LoadOptions. */
  readonly others: readonly HostPort[] | undefined
  readonly mode: Mode
  /** The encoded node, sent with the first request. */
  readonly node: Uint8Array
  readonly stages: readonly Stage[]
  readonly reader: ResponseReader
  readonly onConnect: () => void
  readonly onResponse: (carried: Carried, bytes: number) => void
  /** When everything has come that an Envoy waits for at its start. */
  readonly onComplete: () => void
  readonly onEnd: (reason: string) => void
}

/**
 * Milliseconds: as our bootstrap tells Envoy, which waits a random part of it, and doubles it until a
 * response comes.
 */
const backOff = { first: 100, most: 1_000 }

const methods = { sotw: 'StreamAggregatedResources', delta: 'DeltaAggregatedResources' } as const
const wholeTypes: ReadonlySet<string> = new Set([typeUrls.cluster, typeUrls.listener])

/** One xDS stream that behaves as an Envoy's: follows what resources name, and ACKs everything. */
export class LoadStream {
  readonly #options: LoadStreamOptions
  readonly #types = new Map<string, TypeState>()
  #stages = 0
  #stream: GrpcStream | undefined
  #node: Uint8Array | undefined
  #complete = false
  /** Attempts to come back since the last response. */
  #attempts = 0
  #comesBack: NodeJS.Timeout | undefined

  constructor(options: LoadStreamOptions) {
    this.#options = options
  }

  get complete(): boolean {
    return this.#complete
  }

  held(typeUrl: string): TypeState['held'] {
    return this.#types.get(typeUrl)?.held ?? nothingHeld
  }

  open(): void {
    const { host, port } = this.#options
    this.#connect({ host, port })
    this.#proceed()
  }

  /**
   * Another connection to its own address, on which it says what it holds, as a delta Envoy does; a SotW
   * Envoy names the versions.
   */
  reopen(): void {
    const { host, port } = this.#options
    this.#reopenAt({ host, port })
  }

  #reopenAt(address: HostPort): void {
    this.#connect(address)
    for (const [typeUrl, state] of this.#types) {
      const names = state.asked === undefined ? noNames : changeOfNames(noneAsked, state.asked)
      this.#types.set(typeUrl, { ...state, nonce: '' })
      this.#send({
        typeUrl,
        nonce: '',
        version: state.version,
        names,
        initialVersions: versionsHeld(state.held),
      })
    }
  }

  /** Drops the connection without a word. */
  drop(): void {
    clearTimeout(this.#comesBack)
    const dropped = this.#stream
    this.#stream = undefined
    dropped?.close()
  }

  /** Stops reading, and so answering. */
  stall(): void {
    this.#stream?.stall()
  }

  #connect({ host, port }: HostPort): void {
    this.drop()
    const { mode, onConnect } = this.#options
    this.#node = this.#options.node
    const stream: GrpcStream = new GrpcStream({
      host,
      port,
      onConnect,
      path: `/envoy.service.discovery.v3.AggregatedDiscoveryService/${methods[mode]}`,
      onMessage: (message) => {
        if (this.#stream === stream) this.#receive(message)
      },
      onEnd: (reason) => {
        if (this.#stream === stream) this.#ended(reason)
      },
    })
    this.#stream = stream
  }

  #ended(reason: string): void {
    const { others, onEnd } = this.#options
    const next = others?.[this.#attempts % others.length]
    if (next === undefined) return onEnd(reason)
    const longest = Math.min(backOff.most, backOff.first * 2 ** this.#attempts)
    this.#attempts += 1
    this.#comesBack = setTimeout(() => this.#reopenAt(next), Math.random() * longest)
  }

  #receive(message: Buffer): void {
    this.#attempts = 0
    const { mode, reader, onResponse } = this.#options
    const { carried, nonce } = reader.read(message)
    const { typeUrl, version } = carried
    const before = this.#types.get(typeUrl)
    if (before === undefined)
      return this.#options.onEnd(`a response of type ${typeUrl}, which was not asked for`)
    const held =
      mode === 'sotw' && wholeTypes.has(typeUrl) ? afterWhole(carried) : afterChange(before.held, carried)
    this.#types.set(typeUrl, { ...before, held, answered: true, nonce, version })
    onResponse(carried, message.length)
    this.#send({
      typeUrl,
      nonce,
      version,
      names:
        before.asked === undefined || mode === 'delta' ? noNames : changeOfNames(noneAsked, before.asked),
    })
    this.#follow(typeUrl)
    this.#proceed()
  }

  #follow(typeUrl: string): void {
    const next = followers.get(typeUrl)
    if (next !== undefined) this.#ask(next, namesFollowed(this.held(typeUrl)))
    const wantsHosts =
      typeUrl === typeUrls.route && this.#options.mode === 'delta' && someVhds(this.held(typeUrl))
    if (wantsHosts && !this.#types.has(typeUrls.virtualHost)) this.#ask(typeUrls.virtualHost, undefined)
  }

  /** Asks for names from now on; an Envoy with no name to ask for does not begin. */
  #ask(typeUrl: string, asked: Names | undefined): void {
    const before = this.#types.get(typeUrl) ?? {
      asked: noneAsked,
      held: nothingHeld,
      answered: false,
      nonce: '',
      version: '',
    }
    const names = asked === undefined ? noNames : changeOfNames(before.asked ?? noneAsked, asked)
    if (asked !== undefined && names === noNames) return
    this.#types.set(typeUrl, {
      ...before,
      asked,
      held: asked === undefined ? before.held : restricted(before.held, asked),
    })
    // A delta request with a nonce would be an ACK of it a second time.
    this.#send({
      typeUrl,
      nonce: this.#options.mode === 'delta' ? '' : before.nonce,
      version: before.version,
      names,
    })
  }

  #proceed(): void {
    while (!this.#complete && this.#answered()) {
      const stage = this.#options.stages[this.#stages]
      if (stage === undefined) {
        this.#complete = true
        return this.#options.onComplete()
      }
      this.#stages += 1
      this.#ask(stage.typeUrl, stage.names)
    }
  }

  /** True when nothing is outstanding of what an Envoy would wait for. */
  #answered(): boolean {
    for (const [typeUrl, { asked, held, answered }] of this.#types) {
      if (
        typeUrl === typeUrls.virtualHost
          ? !hasVirtualHosts(this.held(typeUrls.route), held)
          : asked === undefined
            ? !answered
            : !holdsAll(held, asked)
      )
        return false
    }
    return true
  }

  #send(request: Omit<DiscoveryRequest, 'node'>): void {
    this.#stream?.send(encodeRequest(this.#options.mode, { ...request, node: this.#node }))
    this.#node = undefined
  }
}
