import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { ApiError } from './api-error.ts'

/** Who may use the admin port: without a token and a `clientCa`, every process on this machine. */
export interface AdminAccess {
  /** The bearer token that callers have to send. */
  readonly token?: string
  /** Whether /metrics is guarded like all else (the default), or open like health. */
  readonly metrics?: 'guarded' | 'open'
  /** PEM. With `clientCa`, a caller with a certificate of that authority needs no token. */
  readonly tls?: { readonly certificate: string; readonly key: string; readonly clientCa?: string }
}

/** The other end of a connection. */
export interface Peer {
  readonly address: string
  /** It has a certificate of the authority for clients. */
  readonly isCertified: boolean
}

export function peerOf(socket: Socket): Peer {
  return {
    address: socket.remoteAddress ?? '',
    isCertified: socket instanceof TLSSocket && socket.authorized,
  }
}

/** The rights of a connection: everything, what a token allows, or nothing. */
export type Entry = 'open' | 'token' | 'certificate' | 'elsewhere'

export function entryOf({ address, isCertified }: Peer, { token, tls }: AdminAccess): Entry {
  if (tls?.clientCa !== undefined && isCertified) return 'open'
  if (token !== undefined) return 'token'
  if (tls?.clientCa !== undefined) return 'certificate'
  return isLoopback(address) ? 'open' : 'elsewhere'
}

/** The fields of a request that the guard reads, as they were sent. */
export interface Caller {
  readonly entry: Entry
  readonly authorization?: string | undefined
  /** `host` of HTTP/1, `:authority` of HTTP/2. */
  readonly host?: string | undefined
  readonly origin?: string | undefined
  /** `sec-fetch-site`. */
  readonly site?: string | undefined
}

/** Why a request is refused, if it is: the one rule for every path that is not open (`isOpenPath`). */
export function refusal(caller: Caller, { token, tls }: AdminAccess): ApiError | undefined {
  switch (caller.entry) {
    case 'certificate':
      return new ApiError('UNAUTHENTICATED', 'this needs a client certificate')
    case 'elsewhere':
      return new ApiError(
        'PERMISSION_DENIED',
        'this is open to the machine of the control plane only: give it --admin-token-file or ' +
          '--admin-client-ca to open it to others',
      )
    case 'token':
      return isToken(caller.authorization, token)
        ? undefined
        : new ApiError(
            'UNAUTHENTICATED',
            'this needs the token of the control plane, as in "authorization: Bearer TOKEN"',
          )
    case 'open': {
      const reason = foreignTo(caller, tls === undefined ? 'http' : 'https')
      return reason === undefined ? undefined : new ApiError('PERMISSION_DENIED', reason)
    }
  }
}

/**
 * Why a request is not of this machine's user, if it comes from a browser: a page of another origin must not
 * speak for its user. A browser says where a page comes from (`Origin`, `Sec-Fetch-Site`), except that a page
 * may have bound its own name to 127.0.0.1 (DNS rebinding), which the host shows. A page of this port is
 * answered.
 */
export function foreignTo(
  { host = '', origin, site }: Pick<Caller, 'host' | 'origin' | 'site'>,
  scheme: 'http' | 'https',
): string | undefined {
  const name = host
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase()
  if (name !== 'localhost' && isIP(name) === 0)
    return `the host is ${JSON.stringify(host)}: call this port by an address or as localhost`
  const isOwn = origin === undefined || origin.toLowerCase() === `${scheme}://${host.toLowerCase()}`
  return isOwn && (site === undefined || site === 'none' || site === 'same-origin')
    ? undefined
    : 'this port answers no page of another origin'
}

const health: ReadonlySet<string> = new Set(['/healthz', '/readyz'])

/** Whether everybody may ask for a path: health, and metrics if the operator has opened them. */
export function isOpenPath(path: string, { metrics = 'guarded' }: AdminAccess): boolean {
  return health.has(path) || (path === '/metrics' && metrics === 'open')
}

function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:/i, '')
  return plain === '::1' || (isIP(plain) === 4 && plain.startsWith('127.'))
}

function isToken(authorization: string | undefined, token: string | undefined): boolean {
  const given = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
  return token !== undefined && given !== undefined && timingSafeEqual(digest(given), digest(token))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
