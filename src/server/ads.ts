import { Server, status } from '@grpc/grpc-js'
import type { ServerCredentials } from '@grpc/grpc-js'
import { HealthImplementation } from 'grpc-health-check'
import type { Scope } from '../xds/scope.ts'
import type { Snapshots } from '../xds/snapshot.ts'
import { auxiliaryCalls } from './auxiliary-call.ts'
import { confined, Gate } from './authentication.ts'
import type { Authenticate, Principal } from './authentication.ts'
import { Bindings } from './admission/bindings.ts'
import { BytesInFlight } from './admission/bytes-in-flight.ts'
import type { ClientState } from './status/client-state.ts'
import { Connections } from './admission/connections.ts'
import { addClientStatus, clientStatusName } from './status/csds.ts'
import { delta } from './delta.ts'
import type { ObserveXds } from './event.ts'
import { HostedCalls } from './hosted-call.ts'
import { descriptorsOf, host, nameOf } from './hosted-service.ts'
import type { HostedService } from './hosted-service.ts'
import { identify } from './identity.ts'
import type { Identify } from './identity.ts'
import { realClock } from '../clock.ts'
import { defaultLimits } from './limits.ts'
import type { After } from '../clock.ts'
import type { Limits } from './limits.ts'
import { MemoryBudget } from './admission/memory-budget.ts'
import { Places } from './admission/places.ts'
import { addReflection } from './reflection.ts'
import type { XdsCall } from './response-writer.ts'
import { services, streamingMethod } from './service.ts'
import type { Service } from './service.ts'
import { sotw } from './sotw.ts'
import { Stream } from './stream.ts'
import type { StreamOptions } from './stream.ts'
import { serverCredentials } from './tls.ts'
import type { TlsSource } from './tls.ts'
import { Turns } from './admission/turns.ts'

export interface XdsServerOptions {
  readonly snapshots: Snapshots
  readonly observe: ObserveXds
  /** The answer of health from the start; SERVING if absent. */
  readonly serving?: Serving
  /** `separate`, the default: a delta Envoy gets its virtual hosts as resources of their own (VHDS). */
  readonly virtualHostDiscovery?: Scope['virtualHosts']
  /**
   * Who a client is and which scope it is in; by default as `scopeOf` reads it, and `virtualHostDiscovery`.
   */
  readonly identify?: Identify
  /**
   * Authenticates a caller before a stream begins, or before client status is answered; absent: without
   * authentication.
   */
  readonly authenticate?: Authenticate | undefined
  /** Absent: plain text. */
  readonly tls?: TlsSource | undefined
  /**
   * Milliseconds after which a proxy must connect again, give or take a tenth, so that it may come to another
   * replica; absent: never.
   */
  readonly maxConnectionAge?: number | undefined
  /** An absent limit has its default. */
  readonly limits?: Partial<Limits>
  /** The clock by which unanswered responses are given up. */
  readonly schedule?: After
  /** Further gRPC services on the same port and connections. */
  readonly hosted?: readonly HostedService[]
}

export type Serving = 'SERVING' | 'NOT_SERVING'

export interface XdsServer {
  /**
   * `address` is `host:port`, port 0 for any; resolves with the `host:port` that was bound, rejects with the
   * reason.
   */
  listen(address: string): Promise<string>
  /** The answers of grpc.health.v1, for the server ('') and for each discovery service. */
  setServing(serving: Serving): void
  /** The resources of each client, in the order in which they connected. */
  clients(): readonly ClientState[]
  /**
   * Ends every stream with UNAVAILABLE, so that proxies connect elsewhere. Connections that are still open
   * after `grace` milliseconds (2,000 if absent) are cut: a peer that is frozen or never closes its side
   * holds nothing.
   */
  close(grace?: number): Promise<void>
}

/**
 * Discovery over gRPC, aggregated and by type, SotW and delta, with health and reflection on the same port.
 */
export function createXdsServer(options: XdsServerOptions): XdsServer {
  const {
    snapshots,
    observe,
    serving = 'SERVING',
    virtualHostDiscovery = 'separate',
    schedule = realClock.after,
    hosted = [],
  } = options
  const identifyClient: Identify =
    options.identify ?? ((node, client) => identify(node, { ...client, virtualHostDiscovery }))
  const limits = { ...defaultLimits, ...options.limits }
  const gate = new Gate(options.authenticate, observe)
  const memory = new MemoryBudget(limits.rememberedBytes)
  const retireLater = (end: () => void): (() => void) => retire(end, options.maxConnectionAge, schedule)
  const calls = new HostedCalls({ gate, memory, limits, schedule, observe, retire: retireLater })
  const auxiliary = auxiliaryCalls({ limits, schedule })
  const server = new Server({
    ...channelOptions,
    ...ageOptions(options.maxConnectionAge),
    ...limitOptions(limits),
    interceptors: [(method, call) => calls.intercept(method, call) ?? auxiliary(method, call)],
  })
  const connections = new Connections()
  const streams = new Set<Stream>()
  const bytesInFlight = new BytesInFlight({
    limit: limits.bytesInFlight,
    patience: limits.patience,
    schedule,
  })
  const turns = new Turns()
  const places = new Places(limits.streams)
  const bindings = new Bindings(limits.bindings)
  let started = 0
  const begin = (kind: StreamKind, call: XdsCall, principal: Principal | undefined): void => {
    const holder = holderOf(call, principal)
    const giveWay = (reason: string) => (): void => {
      stream.fail(status.RESOURCE_EXHAUSTED, reason)
    }
    const place = places.take({
      holder,
      connection: call.getPeer(),
      giveWay: giveWay(
        `${holder} has most of the ${limits.streams} streams, and others need some: connect again later`,
      ),
    })
    if (place === undefined) return refuseStream(call, { observe, limits })
    const keeper = {
      holder,
      giveWay: giveWay(
        'this stream makes the control plane remember most of all, and there is no more room: subscribe ' +
          'to fewer names',
      ),
    }
    const [account, incoming] = [memory.open(keeper), memory.open(keeper)]
    const onEnd = (): void => {
      streams.delete(stream)
      retired()
    }
    const stream: Stream = new Stream(call, {
      ...kind,
      number: ++started,
      snapshots,
      observe,
      onEnd,
      limits,
      bytesInFlight,
      place,
      bindings,
      account,
      incoming,
      turns,
      schedule,
      identify: principal === undefined ? identifyClient : confined(identifyClient, principal),
    })
    const retired = retireLater(() => {
      stream.fail(status.UNAVAILABLE, connectionAged)
    })
    streams.add(stream)
  }
  const open: Open = (kind) => (call) => {
    if (gate.waiting >= limits.streams) return refuseStream(call, { observe, limits })
    gate.admit(call, {
      enter: (principal) => {
        begin(kind, call, principal)
      },
      deny: (error) => {
        call.emit('error', error)
      },
    })
  }
  const served = [...services.map(({ name }) => name), ...hosted.map(nameOf)]
  const named = ['', ...served]
  const health = new HealthImplementation(Object.fromEntries(named.map((name) => [name, serving])))
  for (const service of services) addService(server, service, open)
  for (const service of hosted) host(service, { server, calls, streams: limits.streams, observe })
  health.addToServer(server)
  function* states(): Iterable<ClientState> {
    for (const { state } of [...streams]) if (state !== undefined) yield state
  }
  addClientStatus(server, { clients: states, gate, observe })
  addReflection(server, {
    services: [...served, clientStatusName, 'grpc.health.v1.Health'],
    descriptors: descriptorsOf(hosted),
    observe,
  })
  const setServing = (state: Serving): void => named.forEach((name) => health.setStatus(name, state))
  return {
    listen: (address) =>
      listen(server, { address, credentials: serverCredentials(options.tls, limits.idle), connections }),
    setServing,
    clients: () => [...states()],
    close: (grace = usualGrace) => {
      setServing('NOT_SERVING')
      for (const stream of [...streams]) stream.fail(status.UNAVAILABLE, 'the control plane is shutting down')
      calls.close()
      return shutDown(server, connections, grace)
    },
  }
}

/** A dead peer is noticed within 40 s. */
const channelOptions = {
  'grpc.max_send_message_length': -1,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.enable_channelz': 0, // nobody could read it, and it counts every message
}

function limitOptions({
  requestBytes,
  streamsPerConnection,
  idle,
}: Limits): Readonly<Record<string, number>> {
  return {
    'grpc.max_receive_message_length': requestBytes,
    'grpc.max_concurrent_streams': streamsPerConnection,
    'grpc.max_connection_idle_ms': idle,
  }
}

/** Who shares streams and memory fairly with others. */
function holderOf(call: XdsCall, principal: Principal | undefined): string {
  return principal?.namespace ?? principal?.name ?? call.getPeer().replace(/:\d+$/, '')
}

/** From its age on, a connection takes no new stream: the client opens another one for that (GOAWAY). */
function ageOptions(age: number | undefined): Readonly<Record<string, number>> {
  return age === undefined
    ? {}
    : { 'grpc.max_connection_age_ms': age, 'grpc.max_connection_age_grace_ms': age }
}

/**
 * Ends a stream once its connection takes no other, which grpc-js sees to within a tenth of the age; the
 * function takes it back.
 */
function retire(end: () => void, age: number | undefined, schedule: After): () => void {
  if (age === undefined) return () => {}
  const spread = 1.1 + Math.random() / 10
  return schedule(age * spread, end)
}

const connectionAged = 'this connection has reached its age: connect again, to any replica'

type StreamKind = Pick<StreamOptions, 'codec' | 'service'>
type Open = (kind: StreamKind) => (call: XdsCall) => void

function addService(server: Server, service: Service, open: Open): void {
  const codecs = [sotw, delta].flatMap((codec) => {
    const method = service.methods[codec.mode]
    return method === undefined ? [] : [{ codec, method }]
  })
  server.addService(
    Object.fromEntries(codecs.map(({ method }) => [method, streamingMethod(service.name, method)])),
    Object.fromEntries(codecs.map(({ codec, method }) => [method, open({ codec, service })])),
  )
}

function refuseStream(
  call: XdsCall,
  { observe, limits }: { readonly observe: ObserveXds; readonly limits: Limits },
): void {
  const reason = `${limits.streams} streams are open, which is the limit of this control plane`
  observe({ kind: 'refused', peer: call.getPeer(), reason })
  call.emit('error', { code: status.RESOURCE_EXHAUSTED, details: reason })
}

interface Binding {
  readonly address: string
  readonly credentials: ServerCredentials
  readonly connections: Connections
}

function listen(server: Server, { address, credentials, connections }: Binding): Promise<string> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => {
      connections.follow(server)
      if (error === null) resolve(`${address.slice(0, address.lastIndexOf(':'))}:${port}`)
      else
        reject(
          new Error(
            `cannot listen on ${address}: ${/errors: \[(.*)\]/.exec(error.message)?.[1] ?? error.message}`,
          ),
        )
    })
  })
}

const usualGrace = 2_000 // milliseconds

function shutDown(server: Server, connections: Connections, grace: number): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => {
      server.forceShutdown()
      connections.destroy()
      resolve()
    }, grace)
    server.tryShutdown(() => {
      clearTimeout(force)
      resolve()
    })
  })
}
