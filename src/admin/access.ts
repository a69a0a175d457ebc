import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { ApiError } from './api-error.ts'

/** Who may use the admin port. Without a token and a `clientCa`: whoever is on this machine. */
export interface AdminAccess {
  /** That callers have to show. */
  readonly token?: string
  /** Whether /metrics needs what everything else needs (`guarded`, the default), or is open like health. */
  readonly metrics?: 'guarded' | 'open'
  /** PEM. With `clientCa`, a caller with a certificate of that authority needs no token. */
  readonly tls?: { readonly certificate: string; readonly key: string; readonly clientCa?: string }
}

/** The other end of a connection. */
export interface Peer {
  readonly address: string
  /** It has shown a certificate of the authority that clients must have one of. */
  readonly isCertified: boolean
}

export function peerOf(socket: Socket): Peer {
  return {
    address: socket.remoteAddress ?? '',
    isCertified: socket instanceof TLSSocket && socket.authorized,
  }
}

/** What a connection may do: everything, what a token lets it, or nothing. */
export type Entry = 'open' | 'token' | 'certificate' | 'elsewhere'

export function entryOf({ address, isCertified }: Peer, { token, tls }: AdminAccess): Entry {
  if (tls?.clientCa !== undefined && isCertified) return 'open'
  if (token !== undefined) return 'token'
  if (tls?.clientCa !== undefined) return 'certificate'
  return isLoopback(address) ? 'open' : 'elsewhere'
}

/** One request, as far as the guard looks at it; header fields as they were sent. */
export interface Caller {
  readonly entry: Entry
  readonly authorization?: string | undefined
  /** `host` of HTTP/1, `:authority` of HTTP/2. */
  readonly host?: string | undefined
  readonly origin?: string | undefined
  /** `sec-fetch-site`. */
  readonly site?: string | undefined
}

/**
 * Why a request is refused, if it is: the one rule for everything on the admin port except health, and
 * metrics if they are open.
 */
export function refusal(caller: Caller, { token }: AdminAccess): ApiError | undefined {
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
    case 'open':
      return isOfBrowser(caller)
        ? new ApiError(
            'PERMISSION_DENIED',
            'this is not open to pages in browsers: call it by an address or as localhost, without the ' +
              'header Origin',
          )
        : undefined
  }
}

/**
 * A page in a browser of this machine must not speak for its user: it says where it comes from, or has found
 * a name for 127.0.0.1.
 */
export function isOfBrowser({ host = '', origin, site }: Pick<Caller, 'host' | 'origin' | 'site'>): boolean {
  const name = host
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase()
  return (
    origin !== undefined ||
    (site !== undefined && site !== 'none' && site !== 'same-origin') ||
    (name !== 'localhost' && isIP(name) === 0)
  )
}

const health: ReadonlySet<string> = new Set(['/healthz', '/readyz'])

/** Paths that everybody may ask: health, which probes ask, and metrics where the operator has opened them. */
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
