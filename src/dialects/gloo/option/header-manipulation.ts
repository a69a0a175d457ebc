import { z } from 'zod'
import { message, parts } from '../../../manifest/message.ts'
import type { HeaderChanges, HeaderOperations } from '../../../model/route.ts'
import { formatMistake } from '../../reading/header-format.ts'
import { noteUnsupported } from '../../reading/report.ts'
import type { Site } from '../reference.ts'

/** RFC 9110 section 5.1: a token. Envoy lets neither pseudo headers nor Host be changed so. */
const name = z
  .string()
  .regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, { message: 'must be the name of a header: letters, digits and -' })
  .refine((text) => text.toLowerCase() !== 'host', {
    message: 'is Host, must be another header',
    params: { hint: 'write hostRewrite in the options' },
  })

/**
 * Envoy accepts no control characters, and each % must be doubled or part of a command such as %REQ(x-id)%.
 */
const value = z.string().superRefine((text, context) => {
  if (/\p{Cc}/u.test(text.replaceAll('\t', '')))
    context.addIssue({ code: 'custom', message: 'must not have control characters' })
  const mistake = formatMistake(text)
  if (mistake !== undefined)
    context.addIssue({ code: 'custom', message: mistake.message, params: { hint: mistake.hint } })
})

const option = message({
  header: message({ key: name, value: value.optional() }).optional(),
  headerSecretRef: z.unknown().optional(),
  append: z.boolean().optional(),
})

type Options = readonly (z.infer<typeof option> | undefined)[] | undefined

/** Gloo's HeaderManipulation. */
export const headerManipulation = message({
  requestHeadersToAdd: parts(option).optional(),
  requestHeadersToRemove: parts(name).optional(),
  responseHeadersToAdd: parts(option).optional(),
  responseHeadersToRemove: parts(name).optional(),
})

/** A header is added to others of its name unless `append: false` (Gloo's default is to append). */
export function headersOf(declared: z.infer<typeof headerManipulation>, site: Site): HeaderChanges {
  for (const field of ['requestHeadersToAdd', 'responseHeadersToAdd'] as const) {
    declared[field]?.forEach((each, index) => {
      noteUnsupported(site.report, { path: [...site.path, field, index], value: each }, ['headerSecretRef'])
    })
  }
  return {
    request: operations(declared.requestHeadersToAdd, declared.requestHeadersToRemove),
    response: operations(declared.responseHeadersToAdd, declared.responseHeadersToRemove),
  }
}

function operations(toAdd: Options = [], toRemove: readonly (string | undefined)[] = []): HeaderOperations {
  const set: Record<string, string> = {}
  const add: Record<string, string> = {}
  for (const each of toAdd) {
    if (each?.header === undefined) continue
    const { key, value: text = '' } = each.header
    if (each.append === false) set[key] = text
    // A list of values is one header with commas (RFC 9110 section 5.3).
    else add[key] = add[key] === undefined ? text : `${add[key]},${text}`
  }
  return { set, add, remove: toRemove.filter((header) => header !== undefined) }
}
