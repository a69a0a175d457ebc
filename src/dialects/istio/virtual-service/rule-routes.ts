import type { Diagnostic } from '../../../diagnostics/diagnostic.ts'
import type { Action, Destination, Forward, HeaderChanges, Route } from '../../../model/route.ts'
import type { Settings } from '../../../model/settings.ts'
import { directResponseOf, redirectOf, rewriteOf } from './action.ts'
import { backendOf } from './destination.ts'
import { headerRules } from './headers.ts'
import { applicabilityOf, matchOf } from './match.ts'
import { mirrorsOf, mirrorsWithoutForward, percentagesWithoutMirror } from './mirror.ts'
import type { PlacedRule } from './placed-rule.ts'
import { retryPolicy } from './retry.ts'

/** The route table that rules become routes of. */
export interface TableContext {
  readonly namespace: string
  readonly name: string
  readonly settings: Settings
  /** The number of times that a runtime key has been used in this table, from 1. */
  readonly repetition: (key: string) => number
  readonly metadata: Route['metadata']
}

/** One route for each match of the rule, in order; empty for a rule that only delegates. */
export function routesOf(placed: PlacedRule, table: TableContext): readonly Route[] {
  const { rule, matches } = placed
  const built = actionOf(placed, table)
  if (built === undefined) return []
  return matches.map(({ match, origin }): Route => ({
    name:
      match?.name === undefined || match.name === '' ? (rule.name ?? '') : `${rule.name ?? ''}.${match.name}`,
    match: matchOf(match),
    applies: applicabilityOf(match, origin.object.namespace),
    action: built.action,
    headers: built.changes,
    fault: rule.fault?.delay === undefined && rule.fault?.abort === undefined ? undefined : rule.fault,
    cors: rule.corsPolicy,
    statPrefix: match?.statPrefix,
    metadata: table.metadata,
    origin,
  }))
}

interface Built {
  readonly action: Action
  readonly changes: HeaderChanges
}

/** Istio's order: a direct response that a root gives wins over its delegate's destinations. */
function actionOf(placed: PlacedRule, table: TableContext): Built | undefined {
  const { rule } = placed
  const { changes, authority } = headerRules(rule.headers)
  const mirrors = mirrorsOf(rule, {
    siteOf: placed.siteOf,
    settings: table.settings,
    runtimeKey: runtimeKeys(placed, table),
  })
  if (rule.redirect !== undefined) return { action: redirectOf(rule.redirect), changes }
  if (rule.directResponse !== undefined) return { action: directResponseOf(rule.directResponse), changes }
  return rule.route === undefined
    ? undefined
    : { action: forwardOf(placed, { table, authority, mirrors }), changes }
}

/** Findings about mirrors and percentages of a rule that have no effect in it. */
export function mirrorFindings({ rule, siteOf }: PlacedRule): readonly Diagnostic[] {
  const answers = rule.redirect !== undefined || rule.directResponse !== undefined
  return [
    ...percentagesWithoutMirror(rule, siteOf),
    ...(answers && rule.delegate === undefined
      ? mirrorsWithoutForward(rule, siteOf, rule.redirect === undefined ? 'a direct response' : 'a redirect')
      : []),
  ]
}

interface ForwardParts {
  readonly table: TableContext
  readonly authority: string | undefined
  readonly mirrors: Forward['mirrors']
}

function forwardOf({ rule, siteOf }: PlacedRule, { table, authority, mirrors }: ForwardParts): Forward {
  const { manifest, path } = siteOf('route')
  const destinations = (rule.route ?? []).map((each, index): Destination => {
    const own = headerRules(each.headers)
    return {
      backend: backendOf(each.destination, {
        manifest,
        path: [...path, 'route', index, 'destination'],
        domain: table.settings.domain,
      }),
      weight: each.weight ?? 0,
      headers: own.changes,
      authority: own.authority,
    }
  })
  const timeout = siteOf('timeout')
  return {
    kind: 'forward',
    destinations: destinations.length > 1 ? destinations.filter((each) => each.weight > 0) : destinations,
    mirrors,
    timeout: rule.timeout ?? 0,
    ...(rule.timeout === 0
      ? { noTimeout: { object: timeout.manifest.id, path: [...timeout.path, 'timeout'] } }
      : {}),
    retry: rule.retries === undefined ? 'default' : retryPolicy(rule.retries),
    rewrite: rewriteOf(rule.rewrite, authority),
  }
}

function runtimeKeys(
  { key: rule }: PlacedRule,
  { namespace, name, repetition }: TableContext,
): (target: string) => string {
  return (target) => {
    const key = `shadowplane.mirror.${namespace}.${name}.${rule}.${target}`
    const count = repetition(key)
    return count === 1 ? key : `${key}-${count}`
  }
}
