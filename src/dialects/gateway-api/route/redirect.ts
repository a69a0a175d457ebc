import { z } from 'zod'
import { message } from '../../../manifest/message.ts'
import type { Redirect, Rewrite } from '../../../model/route.ts'
import { portNumber, oneLine } from '../../reading/constraint.ts'
import { preciseHostname } from '../gateway/precise-hostname.ts'

/** The Gateway API's HTTPPathModifier. */
const pathModifier = message({
  type: z.enum(['ReplaceFullPath', 'ReplacePrefixMatch']),
  replaceFullPath: oneLine
    .max(1024)
    .refine((path) => path.startsWith('/'), { message: 'must begin with /' })
    .optional(),
  replacePrefixMatch: oneLine
    .max(1024)
    .refine((path) => path === '' || path.startsWith('/'), { message: 'must be empty, or begin with /' })
    .optional(),
}).superRefine((modifier, context) => {
  for (const [type, field] of [
    ['ReplaceFullPath', 'replaceFullPath'],
    ['ReplacePrefixMatch', 'replacePrefixMatch'],
  ] as const) {
    if (modifier.type === type && modifier[field] === undefined) {
      context.addIssue({
        code: 'custom',
        path: [field],
        message: `is required by type ${type}`,
        params: { code: 'field/required' },
      })
    }
    if (modifier.type !== type && modifier[field] !== undefined) {
      context.addIssue({
        code: 'custom',
        path: [field],
        message: `is set beside type ${modifier.type}`,
        params: { hint: `write type: ${type}, or remove it` },
      })
    }
  }
})

type PathModifier = z.infer<typeof pathModifier>

/** A change of a path; `prefix` is the rule's PathPrefix without a slash at its end. Undefined: unchanged. */
type PathChange =
  | { readonly kind: 'path' | 'prefix'; readonly value: string }
  | { readonly kind: 'regex'; readonly pattern: string; readonly substitution: string }
  | undefined

/**
 * HTTPPathModifier.replacePrefixMatch: whole segments are replaced. A slash at the end of either prefix has
 * no effect, so that no path gets two slashes, or none, in place of the prefix.
 */
function pathChange(
  { type, replaceFullPath = '', replacePrefixMatch = '' }: PathModifier,
  prefix: string,
): PathChange {
  if (type === 'ReplaceFullPath') return { kind: 'path', value: replaceFullPath }
  const replacement = replacePrefixMatch.replace(/\/$/, '')
  if (prefix === '') return replacement === '' ? undefined : { kind: 'prefix', value: `${replacement}/` }
  if (replacement !== '') return { kind: 'prefix', value: replacement }
  return { kind: 'regex', pattern: `^${literal(prefix)}/?`, substitution: '/' }
}

function redirectPath(modifier: PathModifier | undefined, prefix: string): Redirect['path'] {
  return modifier === undefined ? undefined : pathChange(modifier, prefix)
}

function rewritePath(modifier: PathModifier | undefined, prefix: string): Pick<Rewrite, 'prefix' | 'regex'> {
  const change = modifier === undefined ? undefined : pathChange(modifier, prefix)
  switch (change?.kind) {
    case undefined:
      return {}
    case 'prefix':
      return { prefix: change.value }
    case 'path':
      return { regex: { pattern: '^.*$', substitution: change.value.replaceAll('\\', '\\\\') } }
    case 'regex':
      return { regex: { pattern: change.pattern, substitution: change.substitution } }
  }
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

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
