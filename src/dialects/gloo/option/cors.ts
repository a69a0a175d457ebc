import { z } from 'zod'
import { message } from '../../../manifest/message.ts'
import type { CorsPolicy } from '../../../model/route.ts'
import { nonEmpty } from '../../reading/constraint.ts'
import { regex } from '../../reading/regex.ts'

const headerName = z
  .string()
  .regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, { message: 'must be the name of a header, or *' })

/** Gloo's CorsPolicy. */
export const cors = message({
  allowOrigin: z.array(nonEmpty).optional(),
  allowOriginRegex: z.array(regex).optional(),
  allowMethods: z.array(nonEmpty).optional(),
  allowHeaders: z.array(headerName).optional(),
  exposeHeaders: z.array(headerName).optional(),
  maxAge: z.string().regex(/^\d*$/, { message: 'must be a number of seconds, in quotes' }).optional(),
  allowCredentials: z.boolean().optional(),
  disableForRoute: z.boolean().optional(),
})

/** Undefined if it turns CORS off. */
export function corsOf(declared: z.infer<typeof cors>): CorsPolicy | undefined {
  if (declared.disableForRoute === true) return undefined
  const { allowOrigin = [], allowOriginRegex = [], maxAge = '' } = declared
  return {
    origins: [
      ...allowOrigin.map((value) => ({ kind: 'exact' as const, value })),
      ...allowOriginRegex.map((value) => ({ kind: 'regex' as const, value })),
    ],
    methods: declared.allowMethods ?? [],
    headers: declared.allowHeaders ?? [],
    exposedHeaders: declared.exposeHeaders ?? [],
    maxAge: maxAge === '' ? undefined : Number(maxAge),
    credentials: declared.allowCredentials,
    unmatchedPreflights: 'forward',
  }
}
