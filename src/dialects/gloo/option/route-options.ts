import { z } from 'zod'
import { durationSchema } from '../../../manifest/duration.ts'
import { message } from '../../../manifest/message.ts'
import type { Mirror } from '../../../model/mirror.ts'
import type { RouteSettings } from '../../../model/route-settings.ts'
import { isGiven, oneLine, positiveDuration } from '../../reading/constraint.ts'
import { regex } from '../../reading/regex.ts'
import { noteUnsupportedOptions } from './protection.ts'
import { cors, corsOf } from './cors.ts'
import { headerManipulation, headersOf } from './header-manipulation.ts'
import { inert, inertFields } from '../inert.ts'
import type { Site } from '../reference.ts'
import { retries, retryOf } from './retries.ts'
import { mirrorOf, shadowing, anyNumber } from './shadowing.ts'
import type { ShadowingSite } from './shadowing.ts'
import { millionthsOfPercentage } from '../../../model/fraction.ts'
import type { Millionths } from '../../../model/fraction.ts'
import type { Fault } from '../../../model/route.ts'
import { noteRounding, writtenPercentage } from '../../reading/percentage.ts'

/** Gloo's RouteFaults. */
const faults = message({
  abort: message({
    percentage: anyNumber.optional(),
    httpStatus: z.number().int().min(200).max(599).optional(),
  }).optional(),
  delay: message({ percentage: anyNumber.optional(), fixedDelay: positiveDuration.optional() }).optional(),
})

/** The faults for a share of the requests. A part with a mistake is left out, and the mistake reported. */
function faultOf({ abort, delay }: z.infer<typeof faults>, site: Site): Fault | undefined {
  const delayed =
    delay === undefined ? undefined : part('delay', { what: delay.fixedDelay, field: 'fixedDelay' }, site)
  const aborted =
    abort === undefined ? undefined : part('abort', { what: abort.httpStatus, field: 'httpStatus' }, site)
  if (delayed === undefined && aborted === undefined) return undefined
  return {
    delay: delayed === undefined ? undefined : { duration: delayed.what, fraction: delayed.fraction },
    abort:
      aborted === undefined
        ? undefined
        : { status: { kind: 'http', code: aborted.what }, fraction: aborted.fraction },
  }
}

interface DeclaredPart {
  readonly what: number | undefined
  readonly field: string
}

interface FaultPart {
  readonly what: number
  readonly fraction: Millionths
}

function part(
  name: 'delay' | 'abort',
  { what, field }: DeclaredPart,
  { report, path }: Site,
): FaultPart | undefined {
  const at = [...path, name]
  if (what === undefined) {
    report.note('fault/without-effect', at, {
      message: `faults.${name} names no ${field}, so it does nothing`,
      hint: `write ${field}`,
    })
    return undefined
  }
  const fraction = fractionAt([...at, 'percentage'], { report, path: at })
  return fraction === undefined || fraction === 0 ? undefined : { what, fraction }
}

/** The share at a field; absent it is none, as in Gloo. */
function fractionAt(
  field: Site['path'],
  { report, path }: Pick<Site, 'report' | 'path'>,
): Millionths | undefined {
  const written = writtenPercentage(report.manifest, field)
  if (written === undefined) {
    report.note('fault/without-effect', path, {
      message: `${String(path.at(-1))} names no percentage, and Gloo takes that for none of the requests`,
      hint: 'write percentage: 100 for all',
    })
    return undefined
  }
  const rounded = millionthsOfPercentage(written.text)
  if (rounded === undefined) {
    report.reject('field/invalid-value', written.path, {
      message: `${written.field} is ${written.text}, must be 0 to 100`,
      hint: written.value > 100 ? 'use 100 for every request' : 'use 0 for none',
    })
    return undefined
  }
  if (!rounded.exact)
    noteRounding('fault/percentage-rounded', written, { report, millionths: rounded.millionths })
  return rounded.millionths
}

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
