import { X509Certificate } from 'node:crypto'
import { status } from '@grpc/grpc-js'
import type { ServerSurfaceCall } from '@grpc/grpc-js/build/src/server-call.js'
import { errorText } from '../errors.ts'
import type { ObserveXds } from './event.ts'
import type { Identify } from './identity.ts'
import { socketOf } from './response-writer.ts'
import { statusText } from './status/status-text.ts'

/** The evidence that a call carries about its caller. */
export interface Caller {
  readonly certificate: ShownCertificate
  /** The values of the header `authorization`. */
  readonly authorization: readonly string[]
}

/** A client certificate; trusted if one of our authorities issued it. */
export type ShownCertificate =
  | { readonly kind: 'none' }
  | { readonly kind: 'trusted'; readonly certificate: X509Certificate }
  | { readonly kind: 'untrusted'; readonly subject: string; readonly because: string }

/** The authenticated caller. */
export interface Principal {
  readonly name: string
  /** The namespace of the proxies that it may be; undefined for any. */
  readonly namespace: string | undefined
}

/** The reason why a call is denied, for the reader of the proxy's log. */
export interface Denial {
  readonly code: 'UNAUTHENTICATED' | 'PERMISSION_DENIED' | 'UNAVAILABLE'
  readonly reason: string
}

/** Authenticates a caller. It must resolve within seconds; if it rejects, the call is denied for now. */
export type Authenticate = (caller: Caller) => Promise<Principal | Denial>

type Call = Pick<ServerSurfaceCall, 'getAuthContext' | 'getPeer' | 'metadata' | 'cancelled'>

export interface Entry {
  /** `principal` is undefined if callers are not authenticated. */
  readonly enter: (principal: Principal | undefined) => void
  readonly deny: (error: { readonly code: status; readonly details: string }) => void
}

/** Lets calls in once it is known who calls, and turns others away. */
export class Gate {
  readonly #authenticate: Authenticate | undefined
  readonly #observe: ObserveXds
  #waiting = 0

  constructor(authenticate: Authenticate | undefined, observe: ObserveXds) {
    this.#authenticate = authenticate
    this.#observe = observe
  }

  /** Calls whose authentication is under way. */
  get waiting(): number {
    return this.#waiting
  }

  admit(call: Call, { enter, deny }: Entry): void {
    if (this.#authenticate === undefined) enter(undefined)
    else void this.#ask(this.#authenticate, call, { enter, deny })
  }

  async #ask(authenticate: Authenticate, call: Call, { enter, deny }: Entry): Promise<void> {
    this.#waiting += 1
    const found = await this.#principalOf(authenticate, call)
    this.#waiting -= 1
    if (call.cancelled) return
    if ('name' in found) return enter(found)
    const reason = statusText(found.reason)
    this.#observe({ kind: 'denied', peer: call.getPeer(), ...found, reason })
    deny({ code: status[found.code], details: reason })
  }

  async #principalOf(authenticate: Authenticate, call: Call): Promise<Principal | Denial> {
    try {
      return await authenticate({
        certificate: certificateOf(call),
        authorization: call.metadata.get('authorization').map(String),
      })
    } catch (error) {
      return {
        code: 'UNAVAILABLE',
        reason: `it could not be found out who calls: ` + errorText(error),
      }
    }
  }
}

/**
 * Like `identify`, for a principal: a proxy must be of its principal's namespace, and cannot act for all
 * gateways.
 */
export function confined(identify: Identify, { name, namespace }: Principal): Identify {
  return (node, client) => {
    const identity = identify(node, client)
    if ('error' in identity) return identity
    const { id, scope } = identity
    const denied = (error: string): ReturnType<Identify> => ({
      error,
      denied: { principal: name, proxy: id },
    })
    if (namespace !== undefined && scope.anyGateway) {
      return denied(
        `the node says no labels, which means the gateways of all namespaces, and ${name} is of ` +
          `namespace ${namespace}: set metadata.NAMESPACE and metadata.LABELS, as "shadowplane bootstrap ` +
          `--namespace ${namespace} --labels KEY=VALUE" does`,
      )
    }
    if (namespace !== undefined && scope.namespace !== namespace) {
      return denied(
        `the node says namespace ${scope.namespace}, and ${name} is of namespace ${namespace}: set ` +
          `metadata.NAMESPACE and the node id to ${namespace}, or run the proxy as an account of ` +
          scope.namespace,
      )
    }
    return { id, scope, principal: name }
  }
}

/** grpc-js decides whether a certificate is trusted; the socket has the reason, if it is available. */
function certificateOf(call: Call): ShownCertificate {
  const { sslPeerCertificate: trusted } = call.getAuthContext()
  if (trusted !== undefined) return { kind: 'trusted', certificate: new X509Certificate(trusted.raw) }
  const socket = socketOf(call)
  const shown = socket?.getPeerX509Certificate()
  if (socket === undefined || shown === undefined) return { kind: 'none' }
  return {
    kind: 'untrusted',
    subject: shown.subject.replaceAll('\n', ', '),
    because: String(socket.authorizationError),
  }
}
