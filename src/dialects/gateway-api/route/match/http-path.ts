import { z } from 'zod'
import { message } from '../../../../manifest/message.ts'
import type { Match } from '../../../../model/route.ts'
import { regex } from '../../../reading/regex.ts'

/** The mistakes of the path in an Exact or PathPrefix match, in the CRD's order. */
const mistakes: readonly { readonly is: (path: string) => boolean; readonly message: string }[] = [
  { is: (path) => !path.startsWith('/'), message: 'must begin with /' },
  ...['//', '/./', '/../', '%2f', '%2F', '#'].map((text) => ({
    is: (path: string) => path.includes(text),
    message: `must not contain ${text}`,
  })),
  ...['/..', '/.'].map((text) => ({
    is: (path: string) => path.endsWith(text),
    message: `must not end with ${text}`,
  })),
  {
    is: (path) => !/^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})+$/.test(path),
    message: 'must only have characters of a path, others as %20',
  },
]

/** The Gateway API's HTTPPathMatch. */
export const pathMatch = message({
  type: z.enum(['Exact', 'PathPrefix', 'RegularExpression']).default('PathPrefix'),
  value: z.string().max(1024).default('/'),
}).superRefine(({ type, value }, context) => {
  const found =
    type === 'RegularExpression'
      ? regex.safeParse(value).error?.issues[0]
      : mistakes.find(({ is }) => is(value))
  if (found !== undefined) context.addIssue({ code: 'custom', path: ['value'], message: found.message })
})

export type PathMatch = z.infer<typeof pathMatch>

/** Without a path every request matches. */
export function pathOf(path: PathMatch | undefined): Match['path'] {
  if (path?.type === 'Exact') return { kind: 'exact', value: path.value }
  if (path?.type === 'RegularExpression') return { kind: 'regex', value: path.value }
  const prefix = prefixOf(path) ?? ''
  return prefix === '' ? { kind: 'prefix', value: '/' } : { kind: 'segments', value: prefix }
}

/**
 * The prefix of a PathPrefix without the slash at its end, which says nothing: '' takes every path. Undefined
 * for the other types.
 */
export function prefixOf(path: PathMatch | undefined): string | undefined {
  if (path !== undefined && path.type !== 'PathPrefix') return undefined
  return (path?.value ?? '/').replace(/\/$/, '')
}
