import { z } from 'zod'
import { message } from '../../manifest/message.ts'
import type { DirectResponse, Redirect } from '../../model/route.ts'
import { isGiven, oneLine, portNumber } from '../reading/constraint.ts'
import { noteUnsupported } from '../reading/report.ts'
import { inert } from './inert.ts'
import type { Site } from './reference.ts'
import { regexRewrite } from './option/route-options.ts'

const responseCodes = {
  MOVED_PERMANENTLY: 301,
  FOUND: 302,
  SEE_OTHER: 303,
  TEMPORARY_REDIRECT: 307,
  PERMANENT_REDIRECT: 308,
} as const

/** Gloo's RedirectAction. */
export const redirectAction = message({
  hostRedirect: oneLine.optional(),
  httpsRedirect: z.boolean().optional(),
  pathRedirect: oneLine.optional(),
  prefixRewrite: oneLine.optional(),
  regexRewrite: regexRewrite.optional(),
  portRedirect: portNumber.optional(),
  responseCode: z.enum(Object.keys(responseCodes) as (keyof typeof responseCodes)[]).optional(),
  stripQuery: inert,
}).superRefine(({ pathRedirect, prefixRewrite, regexRewrite: pattern }, context) => {
  const given = Object.entries({
    pathRedirect: isGiven(pathRedirect),
    prefixRewrite: isGiven(prefixRewrite),
    regexRewrite: pattern !== undefined,
  }).flatMap(([field, is]) => (is ? [field] : []))
  if (given.length > 1)
    context.addIssue({ code: 'custom', message: `has ${given.join(' and ')}, must have one of them` })
})

/** Without a code it is 301, as in Envoy. */
export function redirectOf(value: z.infer<typeof redirectAction>, { report, path }: Site): Redirect {
  noteUnsupported(report, { path, value }, ['stripQuery'])
  const { hostRedirect, httpsRedirect, portRedirect: port, responseCode = 'MOVED_PERMANENTLY' } = value
  return {
    kind: 'redirect',
    host: isGiven(hostRedirect) ? hostRedirect : undefined,
    path: pathOf(value),
    scheme: httpsRedirect === true ? 'https' : undefined,
    port,
    code: responseCodes[responseCode],
  }
}

function pathOf({
  pathRedirect,
  prefixRewrite,
  regexRewrite: pattern,
}: z.infer<typeof redirectAction>): Redirect['path'] {
  if (isGiven(pathRedirect)) return { kind: 'path', value: pathRedirect }
  if (isGiven(prefixRewrite)) return { kind: 'prefix', value: prefixRewrite }
  return pattern === undefined
    ? undefined
    : { kind: 'regex', pattern: pattern.pattern.regex, substitution: pattern.substitution ?? '' }
}

/** Gloo's DirectResponseAction. */
export const directResponseAction = message({
  status: z.number().int().min(200).max(599),
  body: z.string().optional(),
})

export function directResponseOf({ status, body }: z.infer<typeof directResponseAction>): DirectResponse {
  return { kind: 'direct-response', status, body: isGiven(body) ? { text: body } : undefined }
}
