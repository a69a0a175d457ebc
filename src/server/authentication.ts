import { X509Certificate } from 'node:crypto'
import { status } from '@grpc/grpc-js'
import type { ServerSurfaceCall } from '@grpc/grpc-js/build/src/server-call.js'
import type { ObserveXds } from './event.ts'
import type { Identify } from './identity.ts'
import { socketOf } from './response-writer.ts'
import { statusText } from './status/status-text.ts'

/** What a call shows of who calls. */
export interface Caller {
  readonly certificate: ShownCertificate
  /** The values of the header `authorization`. */
  readonly authorization: readonly string[]
}

/** A client's certificate; trusted where an authority of ours has issued it. */
export type ShownCertificate =
  | { readonly kind: 'none' }
  | { readonly kind: 'trusted'; readonly certificate: X509Certificate }
  | { readonly kind: 'untrusted'; readonly subject: string; readonly because: string }

/** Who calls. */
export interface Principal {
  readonly name: string
  /** Of the proxies that it may be; undefined for any. */
  readonly namespace: string | undefined
}

/** Why a call is turned away, in words for whoever reads the proxy's log. */
export interface Denial {
  readonly code: 'UNAUTHENTICATED' | 'PERMISSION_DENIED' | 'UNAVAILABLE'
  readonly reason: string
}

/** Finds out who calls. It is to answer within seconds; where it rejects, the call is turned away for now. */
export type Authenticate = (caller: Caller) => Promise<Principal | Denial>

type Call = Pick<ServerSurfaceCall, 'getAuthContext' | 'getPeer' | 'metadata' | 'cancelled'>

export interface Entry {
  /** `principal` is undefined where nobody asks who calls. */
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

  /** Calls of which it is not yet known who calls. */
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
        reason:
          `it could not be found out who calls: ` + (error instanceof Error ? error.message : String(error)),
      }
    }
  }
}

/**
 * As `identify`, for a principal: no proxy is of another namespace than its principal, nor stands in for all
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
        `the node says no labels, which stands for the gateways of all namespaces, and ${name} is of ` +
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

/** Whether a certificate is trusted is grpc-js's word; why not is the socket's own, where it can be had. */
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
