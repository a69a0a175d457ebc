import { z } from 'zod'
import { message } from '../../../manifest/message.ts'
import type { Redirect, Rewrite } from '../../../model/route.ts'
import { oneLine } from '../../reading/constraint.ts'

/** The Gateway API's HTTPPathModifier. */
export const pathModifier = message({
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

export type PathModifier = z.infer<typeof pathModifier>

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

export function redirectPath(modifier: PathModifier | undefined, prefix: string): Redirect['path'] {
  return modifier === undefined ? undefined : pathChange(modifier, prefix)
}

export function rewritePath(
  modifier: PathModifier | undefined,
  prefix: string,
): Pick<Rewrite, 'prefix' | 'regex'> {
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
