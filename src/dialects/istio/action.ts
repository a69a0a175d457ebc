import { z } from 'zod'
import { message } from '../../manifest/message.ts'
import type { DirectResponse, Redirect, Rewrite } from '../../model/route.ts'
import { oneLine } from './constraint.ts'
import { regex } from './string-match.ts'

/** Istio's HTTPRedirect. */
export const redirect = message({
  uri: oneLine.optional(),
  authority: oneLine.optional(),
  port: z.number().int().min(1).max(65535).optional(),
  derivePort: z.enum(['FROM_PROTOCOL_DEFAULT', 'FROM_REQUEST_PORT']).optional(),
  scheme: z.enum(['http', 'https']).optional(),
  redirectCode: z.literal([301, 302, 303, 307, 308]).optional(),
})

const defaultPorts: Readonly<Record<string, number>> = { http: 80, https: 443 }

export function redirectOf(value: z.infer<typeof redirect>): Redirect {
  const schemePort = value.derivePort === 'FROM_PROTOCOL_DEFAULT' ? defaultPorts[value.scheme ?? 'http'] : undefined
  return {
    kind: 'redirect',
    host: value.authority,
    path: value.uri === undefined ? undefined : pathOf(value.uri),
    scheme: value.scheme,
    port: value.port ?? schemePort,
    code: value.redirectCode ?? 301,
  }
}

const replacedPrefix = '%PREFIX()%'

function pathOf(uri: string): Redirect['path'] {
  return uri.startsWith(replacedPrefix) ? { kind: 'prefix', value: uri.slice(replacedPrefix.length) } : { kind: 'path', value: uri }
}

/** RouteConfiguration.max_direct_response_body_size_bytes, as we set it. */
const largestBody = 1024 * 1024

/** Istio's HTTPDirectResponse. */
export const directResponse = message({
  status: z.number().int().min(200).max(599),
  body: message({ string: z.string().optional(), bytes: z.base64().optional() }).optional(),
}).refine(({ body }) => Buffer.byteLength(body?.string ?? '') <= largestBody && Buffer.byteLength(body?.bytes ?? '', 'base64') <= largestBody, {
  path: ['body'], message: 'must be at most 1 MiB: Envoy refuses a longer direct response',
})

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
export function rewriteOf(value: z.infer<typeof rewrite> | undefined, headerAuthority: string | undefined): Rewrite {
  const authority = value?.authority ?? headerAuthority
  const pattern = value?.uriRegexRewrite
  return {
    ...(pattern !== undefined ? { regex: { pattern: pattern.match, substitution: pattern.rewrite ?? '' } }
      : value?.uri !== undefined ? { prefix: value.uri } : {}),
    ...(authority === undefined || authority === '' ? {} : { authority }),
    explicit: value !== undefined,
  }
}
