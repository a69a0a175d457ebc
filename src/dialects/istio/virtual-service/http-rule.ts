import { z } from 'zod'
import { durationSchema } from '../../../manifest/duration.ts'
import { message, parts } from '../../../manifest/message.ts'
import { directResponse, redirect, rewrite } from './action.ts'
import { largestWeight, nonEmpty } from '../../reading/constraint.ts'
import { destination } from './destination.ts'
import { fault, faultOf } from './fault.ts'
import { headers } from './headers.ts'
import { httpMatch } from './match.ts'
import { mirrorPolicy, readMirrors } from './mirror.ts'
import type { MirrorFields } from './mirror.ts'
import type { ReadSite } from './rule-site.ts'
import type { CorsPolicy, Fault } from '../../../model/route.ts'
import { percent } from './percentage.ts'
import { retries } from './retry.ts'
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
const corsPolicy = message({
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
function corsOf(declared: z.infer<typeof corsPolicy>, { report, path }: ReadSite): CorsPolicy {
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

const weightedDestination = message({
  destination,
  weight: z.number().int().min(0).max(largestWeight).optional(),
  headers: headers.optional(),
})

/** Istio's Delegate; without a namespace it is in the root's. */
const delegate = message({ name: z.string().optional(), namespace: z.string().optional() })

/** Istio's HTTPRoute, called a rule here: one of them becomes a route for each of its matches. */
export const httpRule = message({
  name: z.string().optional(),
  match: z.array(httpMatch).optional(),
  route: z.array(weightedDestination).optional(),
  redirect: redirect.optional(),
  directResponse: directResponse.optional(),
  delegate: delegate.optional(),
  rewrite: rewrite.optional(),
  timeout: durationSchema.optional(),
  retries: retries.optional(),
  fault: fault.optional(),
  mirror: destination.optional(),
  mirrors: parts(mirrorPolicy).optional(),
  mirrorPercent: z.number().int().optional(),
  mirrorPercentage: percent.optional(),
  corsPolicy: corsPolicy.optional(),
  headers: headers.optional(),
}).superRefine((rule, context) => {
  const actions = (['route', 'redirect', 'directResponse', 'delegate'] as const).filter(
    (action) => rule[action] !== undefined,
  )
  // A root may say what its delegate's rules answer.
  const isRoot = actions.length === 2 && rule.delegate !== undefined && rule.directResponse !== undefined
  if (actions.length !== 1 && !isRoot) {
    const allowed =
      rule.delegate === undefined
        ? 'must have exactly one of route, redirect, directResponse'
        : 'must have delegate alone'
    context.addIssue({ code: 'custom', message: `has ${actions.join(' and ') || 'no action'}, ${allowed}` })
  }
  if (
    rule.route !== undefined &&
    rule.route.length > 1 &&
    rule.route.every((each) => (each.weight ?? 0) === 0)
  ) {
    context.addIssue({
      code: 'custom',
      path: ['route'],
      message: 'has several destinations without a weight, their weights must add up to more than 0',
    })
  }
  if ((rule.route ?? []).reduce((sum, each) => sum + (each.weight ?? 0), 0) > largestWeight) {
    context.addIssue({
      code: 'custom',
      path: ['route'],
      message: `has weights that add up to more than ${largestWeight}`,
    })
  }
  if (rule.route?.length === 0)
    context.addIssue({ code: 'custom', path: ['route'], message: 'is empty, must name a destination' })
})

export type HttpRule = z.infer<typeof httpRule>

/** An HTTP rule whose percentages, fault and CORS policy have been read. */
export type Rule = Omit<HttpRule, keyof MirrorFields | 'fault' | 'corsPolicy'> &
  MirrorFields & {
    readonly fault?: Fault | undefined
    readonly corsPolicy?: CorsPolicy | undefined
  }

/** Reads what a checked rule means by itself. A part with a mistake is left out, and the mistake reported. */
export function readRule(
  { mirror, mirrors, mirrorPercentage, mirrorPercent, fault: faults, corsPolicy: cors, ...others }: HttpRule,
  site: ReadSite,
): Rule {
  return {
    ...others,
    ...readMirrors({ mirror, mirrors, mirrorPercentage, mirrorPercent }, site),
    ...(faults === undefined ? {} : { fault: faultOf(faults, site) }),
    ...(cors === undefined ? {} : { corsPolicy: corsOf(cors, site) }),
  }
}
