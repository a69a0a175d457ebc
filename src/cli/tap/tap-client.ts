import { Client, credentials, Metadata, status } from '@grpc/grpc-js'
import type { ServiceError } from '@grpc/grpc-js'
import { UsageError } from '../../errors.ts'
import { decode, encode } from '../../xds/proto.ts'
import type { Message, MessageName } from '../../xds/proto.ts'
import type { AdminConnection } from '../admin-connection.ts'
import { readTapEvent } from './tap-event.ts'
import type { TapEvent } from './tap-event.ts'

export interface TapClientOptions extends AdminConnection {
  /** `host:port` of the admin listener. */
  readonly admin: string
}

type Tap = Message<'shadowplane.admin.v1.Tap'>

/**
 * The service Taps of a running control plane. Calls reject with UsageError if it cannot be reached, or
 * says what is wrong.
 */
export interface TapClient {
  create(request: Message<'shadowplane.admin.v1.CreateTapRequest'>): Promise<Tap>
  renew(id: string): Promise<Tap>
  delete(id: string): Promise<Tap>
  watch(id: string): { readonly events: AsyncIterable<TapEvent>; cancel(): void }
  close(): void
}

const bound = 10_000 // milliseconds
/**
 * Loopback and mesh addresses are not behind a proxy; bodies are as large as the control plane keeps them.
 */
const channelOptions = {
  'grpc.enable_http_proxy': 0,
  'grpc.max_receive_message_length': 64 * 1024 * 1024,
  'grpc-node.flow_control_window': 4 * 1024 * 1024,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
}
const service = '/shadowplane.admin.v1.Taps'
const pass = (bytes: Buffer): Buffer => bytes

export function tapClient({ admin, token, tls }: TapClientOptions): TapClient {
  const secured =
    tls === undefined
      ? credentials.createInsecure()
      : credentials.createSsl(tls.ca, tls.certificate?.key ?? null, tls.certificate?.chain ?? null)
  const client = new Client(admin, secured, channelOptions)
  const metadata = new Metadata()
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`)
  const call = <Q extends MessageName>(method: string, name: Q, request: Message<Q>): Promise<Tap> =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        `${service}/${method}`,
        pass,
        pass,
        encode(name, request),
        metadata,
        { deadline: Date.now() + bound },
        (error, answer) => {
          if (error !== null || answer === undefined)
            reject(error === null ? new Error('no answer') : explained(error, admin))
          else resolve(decode('shadowplane.admin.v1.Tap', answer))
        },
      )
    })
  return {
    create: (request) => call('CreateTap', 'shadowplane.admin.v1.CreateTapRequest', request),
    renew: (id) => call('RenewTap', 'shadowplane.admin.v1.RenewTapRequest', { id }),
    delete: (id) => call('DeleteTap', 'shadowplane.admin.v1.DeleteTapRequest', { id }),
    watch(id) {
      const stream = client.makeServerStreamRequest(
        `${service}/WatchTap`,
        pass,
        pass,
        encode('shadowplane.admin.v1.WatchTapRequest', { id }),
        metadata,
      )
      const read = async function* (): AsyncGenerator<TapEvent> {
        try {
          for await (const bytes of stream as AsyncIterable<Buffer>) yield readTapEvent(bytes)
        } catch (error) {
          throw isServiceError(error) ? explained(error, admin) : error
        }
      }
      return {
        events: read(),
        cancel: () => {
          stream.cancel()
        },
      }
    },
    close: () => {
      client.close()
    },
  }
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && 'details' in error
}

function explained({ code, details }: ServiceError, admin: string): UsageError {
  if (code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED) {
    return new UsageError(
      `--admin ${admin} cannot be reached (${details}): is "shadowplane serve" running, and is this the ` +
        `address of its --admin?`,
    )
  }
  if (code === status.UNIMPLEMENTED)
    return new UsageError(`--admin ${admin}: this control plane does not support taps (${details})`)
  return new UsageError(`--admin ${admin}: ${details}`)
}
