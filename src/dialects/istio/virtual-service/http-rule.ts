import { z } from 'zod'
import { durationSchema } from '../../../manifest/duration.ts'
import { message, parts } from '../../../manifest/message.ts'
import { directResponse, redirect, rewrite } from './action.ts'
import { largestWeight } from '../../reading/constraint.ts'
import { corsOf, corsPolicy } from './cors.ts'
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
