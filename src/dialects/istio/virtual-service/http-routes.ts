import type { Diagnostic } from '../../../diagnostics/diagnostic.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import type { Route, Action, Destination, Forward, HeaderChanges } from '../../../model/route.ts'
import type { ObjectLookup } from '../../dialect.ts'
import { readMirrorOverrides } from '../../reading/annotation.ts'
import type { Report } from '../../reading/report.ts'
import { delegation } from './delegation/delegation.ts'
import type { DelegateOf } from './delegation/delegation.ts'
import { readRule } from './http-rule.ts'
import type { HttpRule } from './http-rule.ts'
import { placedRule } from './placed-rule.ts'
import type { PlacedRule } from './placed-rule.ts'
import { checkedRule } from './rule-check.ts'
import type { Settings } from '../../../model/settings.ts'
import { directResponseOf, redirectOf, rewriteOf } from './action.ts'
import { backendOf } from './destination.ts'
import { headerRules } from './headers.ts'
import { applicabilityOf, matchOf } from './match.ts'
import { mirrorsOf, mirrorsWithoutForward, percentagesWithoutMirror } from './mirror.ts'
import { retryPolicy } from './retry.ts'

/** Reads the rules of a VirtualService; one that cannot be read is left out. */
export function readRules(
  rules: readonly (HttpRule | undefined)[],
  report: Report,
): readonly (PlacedRule | undefined)[] {
  const { manifest } = report
  const overrides = readMirrorOverrides(report)
  return rules.map((rule, index) => {
    if (rule === undefined) return undefined
    const path = ['spec', 'http', index]
    const site = { report, path }
    return placedRule(readRule(checkedRule(rule, site), site), { manifest, path, overrides })
  })
}

/**
 * Findings about mirrors of the rules of a root or, if it has no hosts, of a delegate. If a rule's other half
 * is in another object, whether its percentage has a mirror is unknown here.
 */
export function findingsOfRules(
  rules: readonly (PlacedRule | undefined)[],
  role: 'root' | 'delegate',
): readonly Diagnostic[] {
  return rules.flatMap((placed) => {
    if (placed === undefined) return []
    const found = mirrorFindings(placed)
    return role === 'root' && placed.rule.delegate === undefined
      ? found
      : found.filter(({ code }) => code !== 'mirror/percentage-without-mirror')
  })
}

/** Rejects rules of a delegate that delegate themselves. */
export function rejectNested(rules: readonly (PlacedRule | undefined)[], report: Report): void {
  for (const placed of rules) {
    if (placed?.rule.delegate === undefined) continue
    report.reject('delegate/nested', [...placed.siteOf('delegate').path, 'delegate'], {
      message: "a delegate's rule delegates, which Istio allows to roots only: it has no effect",
      hint: 'name this delegate in the root',
    })
  }
}

export interface RulesContext {
  /** The object of the rules. */
  readonly manifest: Manifest
  readonly lookup: ObjectLookup
  readonly delegateOf: DelegateOf
}

export interface HttpRoutes {
  readonly routes: readonly Route[]
  readonly diagnostics: readonly Diagnostic[]
}

/** The routes of a VirtualService with hosts, including those of its delegates. */
export function httpRoutes(
  rules: readonly (PlacedRule | undefined)[],
  { manifest, lookup, delegateOf }: RulesContext,
): HttpRoutes {
  const table = tableContext(manifest, lookup)
  const delegates = delegation(lookup, delegateOf)
  const found: Diagnostic[] = []
  const routes = rules.flatMap((placed) => {
    if (placed === undefined) return []
    if (placed.rule.delegate === undefined) return routesOf(placed, table)
    return delegates.rulesOf(placed).flatMap((merged) => {
      found.push(...mirrorFindings(merged))
      return routesOf(merged, table)
    })
  })
  return { routes, diagnostics: [...delegates.diagnostics(), ...found] }
}

function tableContext({ id, apiVersion }: Manifest, { settings }: ObjectLookup): TableContext {
  const { namespace, name } = id
  return {
    namespace,
    name,
    settings,
    repetition: counter(),
    metadata: {
      namespace: 'istio',
      config: `/apis/${apiVersion}/namespaces/${namespace}/virtual-service/${name}`,
    },
  }
}

function counter(): (key: string) => number {
  const counts = new Map<string, number>()
  return (key) => {
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    return count
  }
}

/** The route table that rules become routes of. */
interface TableContext {
  readonly namespace: string
  readonly name: string
  readonly settings: Settings
  /** The number of times that a runtime key has been used in this table, from 1. */
  readonly repetition: (key: string) => number
  readonly metadata: Route['metadata']
}

/** One route for each match of the rule, in order; empty for a rule that only delegates. */
function routesOf(placed: PlacedRule, table: TableContext): readonly Route[] {
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
function mirrorFindings({ rule, siteOf }: PlacedRule): readonly Diagnostic[] {
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
