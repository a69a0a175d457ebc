import { createHash } from 'node:crypto'
import type { Authenticate, Denial, Principal } from '../server/authentication.ts'

/** An API server's verdict on a token (authentication.k8s.io/v1, TokenReviewStatus). */
export interface ReviewedToken {
  readonly authenticated: boolean
  readonly username: string
  /** The requested audiences that the token is for. */
  readonly audiences: readonly string[]
  readonly error: string
}

/** Has a token reviewed for an audience. Rejects if no API server answers. */
export type ReviewToken = (token: string, audience: string) => Promise<ReviewedToken>

export interface TokenIdentityOptions {
  readonly review: ReviewToken
  readonly audience: string
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

const kept = 60_000 // milliseconds
const most = 10_000

/**
 * Admits ServiceAccounts that show a token for the audience, each as a proxy of its namespace. The verdict on
 * a good token holds for a minute, so a fleet that connects again at once causes one review for each token.
 */
export function byToken({ review, audience, now }: TokenIdentityOptions): Authenticate {
  const known = new Map<string, { readonly principal: Principal; readonly until: number }>()
  return async ({ authorization }) => {
    const token = tokenOf(authorization)
    if (token === undefined)
      return denied(
        `no token was shown, as in "authorization: Bearer TOKEN": give Envoy a ServiceAccount token for ` +
          `the audience ${audience}, as "shadowplane bootstrap --token-file FILE" does`,
      )
    const key = createHash('sha256').update(token).digest('base64')
    const before = known.get(key)
    if (before !== undefined && before.until > now()) return before.principal
    known.delete(key)
    const found = principalOf(await review(token, audience), audience)
    if ('reason' in found) return found
    if (known.size >= most) known.clear()
    known.set(key, { principal: found, until: now() + kept })
    return found
  }
}

function tokenOf(authorization: readonly string[]): string | undefined {
  const [only, ...others] = authorization
  return others.length > 0 ? undefined : /^Bearer +(\S+)$/i.exec(only ?? '')?.[1]
}

function principalOf(
  { authenticated, username, audiences, error }: ReviewedToken,
  audience: string,
): Principal | Denial {
  if (!authenticated)
    return denied(
      `the token is refused${error === '' ? '' : `: ${error}`} (it must be one for the audience ` +
        `${audience}, and not have expired)`,
    )
  // An API server that knows no audiences says nothing of them, and would let in a token for anything.
  if (!audiences.includes(audience))
    return denied(`the token is not for the audience ${audience}: project one with "audience: ${audience}"`)
  const [, namespace] = /^system:serviceaccount:([^:]+):[^:]+$/.exec(username) ?? []
  return namespace === undefined
    ? denied(`the token is of ${username}, which is no ServiceAccount`)
    : { name: username, namespace }
}

function denied(reason: string): Denial {
  return { code: 'UNAUTHENTICATED', reason }
}
