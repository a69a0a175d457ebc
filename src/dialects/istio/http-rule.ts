import { z } from 'zod'
import type { FieldPath } from '../../diagnostics/diagnostic.ts'
import { durationSchema } from '../../manifest/duration.ts'
import { message, parts } from '../../manifest/message.ts'
import { shortHash } from '../../model/names.ts'
import type { Action, Destination, Forward, HeaderChanges, Route } from '../../model/route.ts'
import type { Settings } from '../../model/settings.ts'
import type { MirrorOptions } from './annotation.ts'
import { backendOf, destination } from './destination.ts'
import { directResponse, directResponseOf, redirect, redirectOf, rewrite, rewriteOf } from './action.ts'
import { headerRules, headers } from './headers.ts'
import { applicabilityOf, httpMatch, matchOf } from './match.ts'
import { mirrorPolicy, mirrorsOf, percent } from './mirror.ts'
import type { MirrorContext } from './mirror.ts'
import { noteUnsupported } from './report.ts'
import type { Report } from './report.ts'
import { retries, retryPolicy } from './retry.ts'

const weightedDestination = message({
  destination,
  weight: z.number().int().min(0).max(4294967295).optional(),
  headers: headers.optional(),
})

/** envoy.config.route.v3.WeightedCluster: the sum of all weights is a uint32. */
const largestTotalWeight = 4294967295

/** Istio's HTTPRoute, called a rule here: one of them becomes a route for each of its matches. */
export const httpRule = message({
  name: z.string().optional(),
  match: z.array(httpMatch).optional(),
  route: z.array(weightedDestination).optional(),
  redirect: redirect.optional(),
  directResponse: directResponse.optional(),
  delegate: z.unknown().optional(),
  rewrite: rewrite.optional(),
  timeout: durationSchema.optional(),
  retries: retries.optional(),
  fault: z.unknown().optional(),
  mirror: destination.optional(),
  mirrors: parts(mirrorPolicy).optional(),
  mirrorPercent: z.number().int().optional(),
  mirrorPercentage: percent.optional(),
  corsPolicy: z.unknown().optional(),
  headers: headers.optional(),
}).superRefine((rule, context) => {
  const actions = (['route', 'redirect', 'directResponse', 'delegate'] as const).filter((action) => rule[action] !== undefined)
  if (actions.length !== 1) {
    context.addIssue({ code: 'custom', message: `has ${actions.join(' and ') || 'no action'}, must have exactly one of route, redirect, directResponse` })
  }
  if (rule.route !== undefined && rule.route.length > 1 && rule.route.every((each) => (each.weight ?? 0) === 0)) {
    context.addIssue({ code: 'custom', path: ['route'], message: 'has several destinations without a weight, their weights must add up to more than 0' })
  }
  if ((rule.route ?? []).reduce((sum, each) => sum + (each.weight ?? 0), 0) > largestTotalWeight) {
    context.addIssue({ code: 'custom', path: ['route'], message: `has weights that add up to more than ${largestTotalWeight}` })
  }
  if (rule.route?.length === 0) context.addIssue({ code: 'custom', path: ['route'], message: 'is empty, must name a destination' })
})

export type HttpRule = z.infer<typeof httpRule>

export interface RuleContext {
  readonly report: Report
  readonly path: FieldPath
  readonly settings: Settings
  readonly options: MirrorOptions
  /** Counts how often a key part was asked for in this object, from 1. */
  readonly repetition: (key: string) => number
  readonly metadata: Route['metadata']
}

/** One route for each match of the rule, in order. */
export function routesOf(rule: HttpRule, context: RuleContext): readonly Route[] {
  const { report, path, metadata } = context
  noteUnsupported(report, { path, value: rule }, ['delegate', 'fault', 'corsPolicy'])
  const built = actionOf(rule, context)
  if (built === undefined) return []
  const matches = rule.match === undefined || rule.match.length === 0 ? [undefined] : rule.match
  return matches.map((match, index): Route => ({
    name: match?.name === undefined || match.name === '' ? rule.name ?? '' : `${rule.name ?? ''}.${match.name}`,
    match: matchOf(match),
    applies: applicabilityOf(match, report.manifest.id.namespace),
    action: built.action,
    headers: built.changes,
    statPrefix: match?.statPrefix,
    metadata,
    origin: { object: report.manifest.id, path: match === undefined ? path : [...path, 'match', index] },
  }))
}

interface Built {
  readonly action: Action
  readonly changes: HeaderChanges
}

function actionOf(rule: HttpRule, context: RuleContext): Built | undefined {
  const own = headerRules(rule.headers)
  const mirrors = mirrorsOf(rule, mirrorContext(rule, context))
  if (rule.route !== undefined) {
    return { action: forwardOf(rule, rule.route, { context, authority: own.authority, mirrors }), changes: own.changes }
  }
  if (mirrors.length > 0 && rule.delegate === undefined) {
    const action = rule.redirect === undefined ? 'a direct response' : 'a redirect'
    for (const mirror of mirrors) {
      context.report.note('mirror/without-forward', mirror.origin.path, { message: `the rule answers with ${action}, so there is nothing to mirror` })
    }
  }
  if (rule.redirect !== undefined) return { action: redirectOf(rule.redirect), changes: own.changes }
  if (rule.directResponse !== undefined) return { action: directResponseOf(rule.directResponse), changes: own.changes }
  return undefined
}

interface ForwardParts {
  readonly context: RuleContext
  readonly authority: string | undefined
  readonly mirrors: Forward['mirrors']
}

function forwardOf(rule: HttpRule, declared: NonNullable<HttpRule['route']>, { context, authority, mirrors }: ForwardParts): Forward {
  const destinations = declared.map((each, index): Destination => {
    const own = headerRules(each.headers)
    return {
      backend: backendOf(each.destination, {
        manifest: context.report.manifest, path: [...context.path, 'route', index, 'destination'], domain: context.settings.domain,
      }),
      weight: each.weight ?? 0,
      headers: own.changes,
      authority: own.authority,
    }
  })
  return {
    kind: 'forward',
    destinations: destinations.length > 1 ? destinations.filter((each) => each.weight > 0) : destinations,
    mirrors,
    timeout: rule.timeout ?? 0,
    retry: rule.retries === undefined ? 'default' : retryPolicy(rule.retries, context.settings.defaultRetry),
    rewrite: rewriteOf(rule.rewrite, authority),
  }
}

/** The runtime key names the rule by its name, else by what it matches, so that its place in the list does not matter. */
function mirrorContext(rule: HttpRule, { report, path, settings, options, repetition }: RuleContext): MirrorContext {
  const { namespace, name } = report.manifest.id
  const ruleKey = rule.name === undefined || rule.name === '' ? shortHash(canonical(rule.match ?? [])) : rule.name
  const runtimeKey = (target: string): string => {
    const key = `shadowplane.mirror.${namespace}.${name}.${ruleKey}.${target}`
    const count = repetition(key)
    return count === 1 ? key : `${key}-${count}`
  }
  return { report, path, domain: settings.domain, options, runtimeKey }
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, field: unknown) =>
    field !== null && typeof field === 'object' && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : field)
}
