import { z } from 'zod'
import type { FieldPath } from '../../../diagnostics/diagnostic.ts'
import { message } from '../../../manifest/message.ts'
import type { CorsPolicy } from '../../../model/route.ts'
import type { Report } from '../../reading/report.ts'
import { headerName } from './http-header.ts'

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'] as const

const origin = z
  .string()
  .min(1)
  .max(253)
  .regex(/^(?:\*|https?:\/\/(?:(?:\*\.)?(?:[a-zA-Z0-9-]+\.)*[a-zA-Z0-9-]+|\*)(?::[0-9]{1,5})?)$/, {
    message: 'must be an origin such as https://shop.example, https://*.example or *',
  })

/** A list in which `*` means everything, and so must be alone. */
function wildcardList<E extends z.ZodType<string>>(element: E) {
  return z
    .array(element)
    .max(64)
    .refine((values) => values.length < 2 || !values.some((value) => value === '*'), {
      message: 'has * beside others, must have * alone',
    })
}

/** The Gateway API's HTTPCORSFilter. */
export const corsFilter = message({
  allowOrigins: wildcardList(origin).optional(),
  allowMethods: wildcardList(z.enum([...methods, '*'])).optional(),
  allowHeaders: wildcardList(headerName).optional(),
  exposeHeaders: z.array(headerName).max(64).optional(),
  maxAge: z.number().int().min(1).max(2_147_483_647).optional(),
  allowCredentials: z.boolean().optional(),
})

const defaultMaxAge = 5 // seconds

/**
 * The other origins that may use the rule's routes. To a preflight request Envoy answers `*` with the
 * requested method and headers. It has no such answer for exposed headers, and beside credentials browsers
 * read `*` there as the name of a header.
 */
export function corsOf(
  declared: z.infer<typeof corsFilter>,
  { report, path }: { readonly report: Report; readonly path: FieldPath },
): CorsPolicy {
  const {
    allowOrigins = [],
    allowMethods = [],
    allowHeaders = [],
    exposeHeaders = [],
    allowCredentials = false,
  } = declared
  if (allowCredentials && exposeHeaders.includes('*')) {
    report.note('field/unsupported', [...path, 'exposeHeaders'], {
      message:
        'exposeHeaders is * beside allowCredentials, which Envoy cannot answer with the names of headers: ' +
        'it exposes none',
      hint: 'list the headers',
    })
  }
  return {
    origins: allowOrigins.map(originMatch),
    methods: allowMethods,
    headers: allowHeaders,
    exposedHeaders: allowCredentials ? exposeHeaders.filter((name) => name !== '*') : exposeHeaders,
    maxAge: declared.maxAge ?? defaultMaxAge,
    credentials: allowCredentials ? true : undefined,
    unmatchedPreflights: 'answer',
  }
}

/** `*` matches anything to its left, including dots. */
function originMatch(text: string): CorsPolicy['origins'][number] {
  if (!text.includes('*')) return { kind: 'exact', value: text }
  return { kind: 'regex', value: text.replaceAll('.', '\\.').replace('*', '.*') }
}
