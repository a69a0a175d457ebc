import { z } from 'zod'
import { message } from '../../../manifest/message.ts'
import type { Redirect, Rewrite } from '../../../model/route.ts'
import { portNumber } from '../../reading/constraint.ts'
import { preciseHostname } from '../gateway/precise-hostname.ts'
import { pathModifier, redirectPath, rewritePath } from './path-modifier.ts'

/** The Gateway API's HTTPRequestRedirectFilter. */
export const requestRedirect = message({
  scheme: z.enum(['http', 'https']).optional(),
  hostname: preciseHostname.optional(),
  path: pathModifier.optional(),
  port: portNumber.optional(),
  statusCode: z.literal([301, 302, 303, 307, 308]).optional(),
})

/**
 * Without a port, the scheme's port is used if there is a scheme, otherwise the listener's; `prefix` is the
 * rule's match.
 */
export function redirectOf(
  { scheme, hostname, path, port, statusCode }: z.infer<typeof requestRedirect>,
  prefix: string,
): Redirect {
  return {
    kind: 'redirect',
    host: hostname,
    path: redirectPath(path, prefix),
    scheme,
    port: port ?? (scheme === undefined ? 'of the listener' : undefined),
    code: statusCode ?? 302,
  }
}

/** The Gateway API's HTTPURLRewriteFilter. */
export const urlRewrite = message({ hostname: preciseHostname.optional(), path: pathModifier.optional() })

interface RewriteContext {
  readonly prefix: string
  /** The authority that a header modifier sets. */
  readonly authority: string | undefined
}

/** A rewritten hostname wins over an authority among the headers. */
export function rewriteOf(
  declared: z.infer<typeof urlRewrite> | undefined,
  { prefix, authority }: RewriteContext,
): Rewrite {
  const host = declared?.hostname ?? authority
  return {
    ...rewritePath(declared?.path, prefix),
    ...(host === undefined ? {} : { authority: host }),
    explicit: declared !== undefined,
  }
}
