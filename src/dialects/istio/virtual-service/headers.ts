import { z } from 'zod'
import { message, parts } from '../../../manifest/message.ts'
import type { HeaderChanges, HeaderOperations } from '../../../model/route.ts'
import { formatMistake } from '../../reading/header-format.ts'

/** RFC 9110 section 5.1: a token; or a pseudo header. */
const name = z.string().regex(/^:?[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, {
  message: 'must be the name of a header: letters, digits and -',
})

/**
 * Envoy accepts no control characters, and each % must be doubled or part of a command such as %REQ(x-id)%.
 */
const value = z.string().superRefine((text, context) => {
  if (hasControlCharacter(text))
    context.addIssue({ code: 'custom', message: 'must not have control characters' })
  const mistake = formatMistake(text)
  if (mistake !== undefined)
    context.addIssue({ code: 'custom', message: mistake.message, params: { hint: mistake.hint } })
})

const operations = message({
  set: z.record(name, value).optional(),
  add: z.record(name, value).optional(),
  remove: parts(name).optional(),
})

/** Istio's Headers. */
export const headers = message({ request: operations.optional(), response: operations.optional() })

/** Header operations, and the authority that a `host` or `:authority` among the request's sets. */
export interface HeaderRules {
  readonly changes: HeaderChanges
  readonly authority: string | undefined
}

/** Without pseudo headers and the authority, which Envoy cannot change this way. */
export function headerRules(declared: z.infer<typeof headers> | undefined): HeaderRules {
  const request = declared?.request
  return {
    changes: { request: operationsOf(request), response: operationsOf(declared?.response) },
    authority: authorityIn(request?.set) ?? authorityIn(request?.add),
  }
}

function operationsOf(declared: z.infer<typeof operations> | undefined): HeaderOperations {
  return {
    set: withoutPseudo(declared?.set),
    add: withoutPseudo(declared?.add),
    remove: (declared?.remove ?? [])
      .filter((header) => header !== undefined)
      .filter((header) => !isPseudo(header)),
  }
}

function withoutPseudo(
  declared: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(declared ?? {}).filter(([header]) => !isPseudo(header)))
}

function isPseudo(header: string): boolean {
  return header.startsWith(':') || isAuthority(header)
}

/** The two names of what HTTP/1 calls Host. */
export function isAuthority(header: string): boolean {
  return ['host', ':authority'].includes(header.toLowerCase())
}

function hasControlCharacter(text: string): boolean {
  return /\p{Cc}/u.test(text.replaceAll('\t', ''))
}

function authorityIn(declared: Readonly<Record<string, string>> | undefined): string | undefined {
  return Object.entries(declared ?? {}).find(([header]) => isAuthority(header))?.[1]
}
