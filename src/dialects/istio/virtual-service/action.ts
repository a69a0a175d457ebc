import { z } from 'zod'
import { message } from '../../../manifest/message.ts'
import type { DirectResponse, Redirect, Rewrite } from '../../../model/route.ts'
import { isGiven, oneLine, portNumber } from '../../reading/constraint.ts'
import { regex } from '../../reading/regex.ts'

/** Istio's HTTPRedirect. */
export const redirect = message({
  uri: oneLine.optional(),
  prefixRewrite: oneLine.optional(),
  authority: oneLine.optional(),
  port: portNumber.optional(),
  derivePort: z.enum(['FROM_PROTOCOL_DEFAULT', 'FROM_REQUEST_PORT']).optional(),
  scheme: z.enum(['http', 'https']).optional(),
  redirectCode: z.literal([301, 302, 303, 307, 308]).optional(),
}).superRefine((value, context) => {
  const { uri, prefixRewrite, authority, port, derivePort, scheme } = value
  if (
    [uri, prefixRewrite, authority, port, derivePort, scheme].every(
      (each) => each === undefined || each === '',
    )
  ) {
    context.addIssue({
      code: 'custom',
      message: 'says not where to, must have uri, prefixRewrite, authority, scheme or port',
    })
  }
  if (port !== undefined && derivePort !== undefined) {
    context.addIssue({
      code: 'custom',
      path: ['derivePort'],
      message: 'is set beside port, must be one of the two',
    })
  }
  if (isGiven(uri) && isGiven(prefixRewrite)) {
    context.addIssue({
      code: 'custom',
      path: ['prefixRewrite'],
      message: 'is set beside uri, must be one of the two',
    })
  }
})

export function redirectOf({
  uri,
  prefixRewrite,
  authority,
  port,
  derivePort,
  scheme,
  redirectCode,
}: z.infer<typeof redirect>): Redirect {
  return {
    kind: 'redirect',
    host: isGiven(authority) ? authority : undefined,
    path: isGiven(prefixRewrite)
      ? { kind: 'prefix', value: prefixRewrite }
      : uri === undefined
        ? undefined
        : { kind: 'path', value: uri },
    scheme,
    port: derivePort === 'FROM_REQUEST_PORT' ? 'of the listener' : port,
    code: redirectCode ?? 301,
  }
}

/** RouteConfiguration.max_direct_response_body_size_bytes, as we set it. */
const largestBody = 1024 * 1024

/** Istio's HTTPDirectResponse. */
export const directResponse = message({
  status: z.number().int().min(200).max(599),
  body: message({ string: z.string().optional(), bytes: z.base64().optional() })
    .refine(({ string, bytes }) => string === undefined || bytes === undefined, {
      message: 'has string and bytes, must have one of them',
    })
    .optional(),
}).refine(
  ({ body }) =>
    Buffer.byteLength(body?.string ?? '') <= largestBody &&
    Buffer.byteLength(body?.bytes ?? '', 'base64') <= largestBody,
  {
    path: ['body'],
    message: 'must be at most 1 MiB: Envoy refuses a longer direct response',
  },
)

export function directResponseOf(value: z.infer<typeof directResponse>): DirectResponse {
  const { string, bytes } = value.body ?? {}
  const body = string !== undefined ? { text: string } : bytes !== undefined ? { base64: bytes } : undefined
  return { kind: 'direct-response', status: value.status, body }
}

/** Istio's HTTPRewrite. */
export const rewrite = message({
  uri: oneLine.optional(),
  authority: oneLine.optional(),
  uriRegexRewrite: message({ match: regex, rewrite: z.string().optional() }).optional(),
})

/** `rewrite.authority` wins over an authority among the headers. */
export function rewriteOf(
  value: z.infer<typeof rewrite> | undefined,
  headerAuthority: string | undefined,
): Rewrite {
  const authority = isGiven(value?.authority) ? value?.authority : headerAuthority
  const pattern = value?.uriRegexRewrite
  return {
    ...(pattern !== undefined
      ? { regex: { pattern: pattern.match, substitution: pattern.rewrite ?? '' } }
      : isGiven(value?.uri)
        ? { prefix: value.uri }
        : {}),
    ...(isGiven(authority) ? { authority } : {}),
    explicit: value !== undefined,
  }
}
