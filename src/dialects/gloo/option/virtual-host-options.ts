import { z } from 'zod'
import { message } from '../../../manifest/message.ts'
import type { RouteSettings } from '../../../model/route-settings.ts'
import { noteUnsupportedOptions } from './protection.ts'
import { cors, corsOf } from './cors.ts'
import { headerManipulation, headersOf } from './header-manipulation.ts'
import { inertFields } from '../inert.ts'
import type { Site } from '../reference.ts'
import { retries, retryOf } from './retries.ts'

const unsupported = [
  'bufferPerRoute',
  'corsPolicyMergeSettings',
  'csrf',
  'dlp',
  'extProc',
  'extProcEarly',
  'extProcLate',
  'extauth',
  'extensions',
  'includeAttemptCountInResponse',
  'jwt',
  'jwtStaged',
  'rateLimitConfigs',
  'rateLimitEarlyConfigs',
  'rateLimitRegularConfigs',
  'ratelimit',
  'ratelimitBasic',
  'ratelimitEarly',
  'ratelimitRegular',
  'rbac',
  'stagedTransformations',
  'stats',
  'transformations',
  'waf',
] as const

/** Gloo's VirtualHostOptions: the defaults for routes. Shadowing is not among them. */
export const virtualHostOptions = message({
  retries: retries.optional(),
  cors: cors.optional(),
  headerManipulation: headerManipulation.optional(),
  includeRequestAttemptCount: z.boolean().optional(),
  ...inertFields(unsupported),
})

/** `site` is that of `options`. */
export function readVirtualHostOptions(value: z.infer<typeof virtualHostOptions>, site: Site): RouteSettings {
  noteUnsupportedOptions(site.report, { path: site.path, value }, unsupported)
  const at = (field: string): Site => ({ ...site, path: [...site.path, field] })
  const origins = value.cors === undefined ? undefined : corsOf(value.cors)
  return {
    ...(value.retries === undefined ? {} : { retry: retryOf(value.retries, at('retries')) }),
    ...(origins === undefined ? {} : { cors: origins }),
    ...(value.headerManipulation === undefined
      ? {}
      : { headers: headersOf(value.headerManipulation, at('headerManipulation')) }),
  }
}
