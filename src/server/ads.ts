import { Server, ServerCredentials, status } from '@grpc/grpc-js'
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js'
import { HealthImplementation } from 'grpc-health-check'
import type { Snapshots } from '../xds/snapshot.ts'
import type { Codec } from './codec.ts'
import { delta } from './delta.ts'
import type { ObserveXds } from './event.ts'
import { addReflection } from './reflection.ts'
import { sotw } from './sotw.ts'
import { Stream } from './stream.ts'
import type { XdsCall } from './stream.ts'

export interface XdsServerOptions {
  readonly snapshots: Snapshots
  readonly observe: ObserveXds
  /** What health answers from the start; SERVING if absent. */
  readonly serving?: Serving
}

export type Serving = 'SERVING' | 'NOT_SERVING'

export interface XdsServer {
  /** `address` is `host:port`, port 0 for any; resolves with the `host:port` that was bound, rejects with the reason. */
  listen(address: string): Promise<string>
  /** What grpc.health.v1 answers, for the server ('') and for ADS. */
  setServing(serving: Serving): void
  /** Tells every proxy to connect elsewhere; resolves within seconds, whatever the proxies do. */
  close(): Promise<void>
}

const adsName = 'envoy.service.discovery.v3.AggregatedDiscoveryService'

/** Aggregated discovery over gRPC, SotW and delta, with health and reflection on the same port. */
export function createXdsServer({ snapshots, observe, serving = 'SERVING' }: XdsServerOptions): XdsServer {
  const server = new Server(limits)
  const streams = new Set<Stream>()
  let started = 0
  const open = (codec: Codec) => (call: XdsCall): void => {
    const stream: Stream = new Stream(call, { codec, number: ++started, snapshots, observe, onEnd: () => streams.delete(stream) })
    streams.add(stream)
  }
  const health = new HealthImplementation({ '': serving, [adsName]: serving })
  server.addService(ads, { StreamAggregatedResources: open(sotw), DeltaAggregatedResources: open(delta) })
  health.addToServer(server)
  addReflection(server, [adsName, 'grpc.health.v1.Health'])
  const setServing = (state: Serving): void => ['', adsName].forEach((name) => health.setStatus(name, state))
  return {
    listen: (address) => listen(server, address),
    setServing,
    close: () => {
      setServing('NOT_SERVING')
      for (const stream of [...streams]) stream.fail(status.UNAVAILABLE, 'the control plane is shutting down')
      return shutDown(server)
    },
  }
}

/** A request repeats all names of its type, so 16 MiB is room for some 100,000 of them; a dead peer is noticed within 40 s. */
const limits = {
  'grpc.max_receive_message_length': 16 * 1024 * 1024,
  'grpc.max_send_message_length': -1,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
}

/** Bytes in, bytes out: requests are decoded where a mistake in them gets a clear answer, and responses are ready. */
function streaming(name: string): MethodDefinition<Buffer, Buffer> {
  const pass = (bytes: Buffer): Buffer => bytes
  return {
    path: `/${adsName}/${name}`, requestStream: true, responseStream: true, originalName: name,
    requestSerialize: pass, requestDeserialize: pass, responseSerialize: pass, responseDeserialize: pass,
  }
}

const ads: ServiceDefinition = {
  StreamAggregatedResources: streaming('StreamAggregatedResources'),
  DeltaAggregatedResources: streaming('DeltaAggregatedResources'),
}

function listen(server: Server, address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(`${address.slice(0, address.lastIndexOf(':'))}:${port}`)
      else reject(new Error(`cannot listen on ${address}: ${/errors: \[(.*)\]/.exec(error.message)?.[1] ?? error.message}`))
    })
  })
}

const shutdownLimit = 2_000 // milliseconds

function shutDown(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => {
      server.forceShutdown()
      resolve()
    }, shutdownLimit)
    server.tryShutdown(() => {
      clearTimeout(force)
      resolve()
    })
  })
}
