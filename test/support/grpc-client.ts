import { createRequire } from 'node:module'
import { Client, Server, ServerCredentials, credentials } from '@grpc/grpc-js'
import { onTestFinished } from 'vitest'
import { lastFound } from './last-found.ts'
import { patience, within } from './within.ts'

const method = '/test.Echo/Say'
const pass = (bytes: Buffer): Buffer => bytes

// Its types are made for another release of grpc-js.
const { register } = createRequire(import.meta.url)('@grpc/grpc-js-xds') as { readonly register: () => void }
register()

/** Starts a gRPC server that answers with its name; its port. */
export async function grpcBackend(name: string): Promise<number> {
  const server = new Server()
  const definition = {
    path: method,
    requestStream: false,
    responseStream: false,
    requestSerialize: pass,
    requestDeserialize: pass,
    responseSerialize: pass,
    responseDeserialize: pass,
  } as const
  server.addService(
    { say: definition },
    {
      say: (_: unknown, answer: (error: null, bytes: Buffer) => void) => {
        answer(null, Buffer.from(name))
      },
    },
  )
  onTestFinished(() => {
    server.forceShutdown()
  })
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port)
      else reject(error)
    })
  })
}

/** A proxyless gRPC client, `xds:///host:port`, with a control plane of its own. */
export interface ProxylessClient {
  /** The name of the backend that answers, or the error. */
  say(): Promise<string>
  /** Asks until the answer fits, for a change is in force a moment after it was written; the last answer. */
  becomes(wanted: RegExp): Promise<string>
}

export function proxylessClient(xds: string, target: string): ProxylessClient {
  const bootstrap = {
    xds_servers: [{ server_uri: xds, channel_creds: [{ type: 'insecure' }], server_features: ['xds_v3'] }],
    node: { id: 'grpc-client', cluster: 'test', locality: {} },
  }
  const client = new Client(target, credentials.createInsecure(), {
    'grpc.TEST_ONLY_DO_NOT_USE_IN_PROD.xds_bootstrap_config': JSON.stringify(bootstrap),
  })
  onTestFinished(() => {
    client.close()
  })
  const say = (): Promise<string> =>
    within(
      15_000,
      'an answer',
      new Promise((resolve) => {
        client.makeUnaryRequest(
          method,
          pass,
          pass,
          Buffer.from('hello'),
          { deadline: Date.now() + patience },
          (error, bytes) => {
            resolve(error === null ? String(bytes) : error.message)
          },
        )
      }),
    )
  return {
    say,
    becomes: (wanted) => lastFound((answer) => wanted.test(answer), say),
  }
}
