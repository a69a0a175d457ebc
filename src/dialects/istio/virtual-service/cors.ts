import { z } from 'zod'
import { durationSchema } from '../../../manifest/duration.ts'
import { message } from '../../../manifest/message.ts'
import type { CorsPolicy } from '../../../model/route.ts'
import { nonEmpty } from '../../reading/constraint.ts'
import type { ReadSite } from './rule-site.ts'
import { originMatch, stringMatchOf } from './string-match.ts'

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', '*'] as const

/** RFC 9110 section 5.1, or `*` for every header. */
const headerName = z
  .string()
  .regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, { message: 'must be the name of a header, or *' })

/** Access-Control-Max-Age is in whole seconds. */
const wholeSeconds = durationSchema.refine((milliseconds) => milliseconds > 0 && milliseconds % 1000 === 0, {
  message: 'must be whole seconds, at least 1s',
})

/** Istio's CorsPolicy. */
export const corsPolicy = message({
  allowOrigin: z.array(nonEmpty).optional(),
  allowOrigins: z.array(originMatch).optional(),
  allowMethods: z.array(z.enum(methods)).optional(),
  allowHeaders: z.array(headerName).optional(),
  exposeHeaders: z.array(headerName).optional(),
  maxAge: wholeSeconds.optional(),
  allowCredentials: z.boolean().optional(),
  unmatchedPreflights: z.enum(['UNSPECIFIED', 'FORWARD', 'IGNORE']).optional(),
})

/**
 * The other origins that may use the rule's routes. `allowOrigins` wins over the deprecated `allowOrigin`.
 */
export function corsOf(declared: z.infer<typeof corsPolicy>, { report, path }: ReadSite): CorsPolicy {
  const { allowOrigin = [], allowOrigins = [] } = declared
  if (allowOrigin.length > 0) {
    report.note('field/deprecated', [...path, 'corsPolicy', 'allowOrigin'], {
      message:
        `corsPolicy.allowOrigin is ` +
        `deprecated${allowOrigins.length > 0 ? ', and has no effect beside allowOrigins' : ''}`,
      hint: 'write allowOrigins: [{exact: …}]',
    })
  }
  const origins =
    allowOrigins.length > 0
      ? allowOrigins.map(stringMatchOf)
      : allowOrigin.map((value) => ({ kind: 'exact' as const, value }))
  return {
    origins: origins.filter((each) => each.kind !== 'present'),
    methods: declared.allowMethods ?? [],
    headers: declared.allowHeaders ?? [],
    exposedHeaders: declared.exposeHeaders ?? [],
    maxAge: declared.maxAge === undefined ? undefined : declared.maxAge / 1000,
    credentials: declared.allowCredentials,
    unmatchedPreflights: declared.unmatchedPreflights === 'IGNORE' ? 'answer' : 'forward',
  }
}
