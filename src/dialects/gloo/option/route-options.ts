import { z } from 'zod'
import { durationSchema } from '../../../manifest/duration.ts'
import { message } from '../../../manifest/message.ts'
import type { Mirror } from '../../../model/mirror.ts'
import type { RouteSettings } from '../../../model/route-settings.ts'
import { isGiven, oneLine } from '../../reading/constraint.ts'
import { regex } from '../../reading/regex.ts'
import { noteUnsupportedOptions } from './protection.ts'
import { cors, corsOf } from './cors.ts'
import { faultOf, faults } from './faults.ts'
import { headerManipulation, headersOf } from './header-manipulation.ts'
import { inert, inertFields } from '../inert.ts'
import type { Site } from '../reference.ts'
import { retries, retryOf } from './retries.ts'
import { mirrorOf, shadowing } from './shadowing.ts'
import type { ShadowingSite } from './shadowing.ts'

const unsupported = [
  'ai',
  'appendXForwardedHost',
  'bufferPerRoute',
  'csrf',
  'dlp',
  'envoyMetadata',
  'extProc',
  'extProcEarly',
  'extProcLate',
  'extauth',
  'extensions',
  'hostRewriteHeader',
  'hostRewritePathRegex',
  'idleTimeout',
  'jwt',
  'jwtProvidersStaged',
  'jwtStaged',
  'lbHash',
  'maxStreamDuration',
  'rateLimitConfigs',
  'rateLimitEarlyConfigs',
  'rateLimitRegularConfigs',
  'ratelimit',
  'ratelimitBasic',
  'ratelimitEarly',
  'ratelimitRegular',
  'rbac',
  'stagedTransformations',
  'tracing',
  'transformations',
  'upgrades',
  'waf',
] as const

/** Envoy's RegexMatchAndSubstitute, as Gloo has it. */
export const regexRewrite = message({
  pattern: message({ regex, googleRe2: inert }),
  substitution: oneLine.optional(),
})

/** Gloo's RouteOptions: the `options` of a route, and of a RouteOption. */
export const routeOptions = message({
  shadowing: shadowing.optional(),
  timeout: durationSchema.optional(),
  retries: retries.optional(),
  prefixRewrite: oneLine.optional(),
  regexRewrite: regexRewrite.optional(),
  hostRewrite: oneLine.optional(),
  autoHostRewrite: z.boolean().optional(),
  headerManipulation: headerManipulation.optional(),
  faults: faults.optional(),
  cors: cors.optional(),
  ...inertFields(unsupported),
}).refine(({ hostRewrite, autoHostRewrite }) => !isGiven(hostRewrite) || autoHostRewrite !== true, {
  path: ['autoHostRewrite'],
  message: 'is set beside hostRewrite, must be one of the two',
})

export type DeclaredRouteOptions = z.infer<typeof routeOptions>

/** The parts of `options` that can be left out separately, at a path pattern. */
export function removableOptions(pattern: string): readonly string[] {
  return [`${pattern}.*`, `${pattern}.headerManipulation.*.*`, `${pattern}.faults.*`]
}

/** One object's options for a route. */
export interface RouteOptions {
  readonly settings: RouteSettings
  /** `none`: nothing is mirrored; undefined: mirrors are not mentioned. */
  readonly mirror: Mirror | 'none' | undefined
  /** Whether the name of a static Upstream's host becomes the Host; undefined: it says nothing about that. */
  readonly autoHostRewrite: boolean | undefined
  readonly cors: 'off' | undefined
}

/** Reads options at `site`, whose path is that of `options`. Unsupported fields are reported there. */
export function readRouteOptions(value: DeclaredRouteOptions, site: ShadowingSite): RouteOptions {
  noteUnsupportedOptions(site.report, { path: site.path, value }, unsupported)
  const declared = value.shadowing
  return {
    settings: settingsOf(value, site),
    mirror:
      declared === undefined
        ? undefined
        : (mirrorOf(declared, { ...site, path: [...site.path, 'shadowing'] }) ?? 'none'),
    autoHostRewrite: value.autoHostRewrite,
    cors: value.cors?.disableForRoute === true ? 'off' : undefined,
  }
}

function settingsOf(value: DeclaredRouteOptions, site: Site): RouteSettings {
  const at = (field: string): Site => ({ ...site, path: [...site.path, field] })
  const fault = value.faults === undefined ? undefined : faultOf(value.faults, at('faults'))
  const origins = value.cors === undefined ? undefined : corsOf(value.cors)
  return {
    ...(value.timeout === undefined ? {} : { timeout: value.timeout }),
    ...(value.timeout === 0
      ? { noTimeout: { object: site.report.manifest.id, path: at('timeout').path } }
      : {}),
    ...(value.retries === undefined ? {} : { retry: retryOf(value.retries, at('retries')) }),
    ...rewriteOf(value, site),
    ...(value.headerManipulation === undefined
      ? {}
      : { headers: headersOf(value.headerManipulation, at('headerManipulation')) }),
    ...(fault === undefined ? {} : { fault }),
    ...(origins === undefined ? {} : { cors: origins }),
  }
}

function rewriteOf(
  { prefixRewrite, regexRewrite: pattern, hostRewrite }: DeclaredRouteOptions,
  { report, path }: Site,
): Pick<RouteSettings, 'rewrite'> {
  if (isGiven(prefixRewrite) && pattern !== undefined) {
    report.reject('field/invalid-value', [...path, 'regexRewrite'], {
      message: 'options have prefixRewrite and regexRewrite, must have one of them',
      hint: 'remove regexRewrite, which has no effect',
    })
  }
  const rewrite = {
    ...(isGiven(prefixRewrite)
      ? { prefix: prefixRewrite }
      : pattern === undefined
        ? {}
        : { regex: { pattern: pattern.pattern.regex, substitution: pattern.substitution ?? '' } }),
    ...(isGiven(hostRewrite) ? { authority: hostRewrite } : {}),
  }
  return Object.keys(rewrite).length === 0 ? {} : { rewrite }
}
