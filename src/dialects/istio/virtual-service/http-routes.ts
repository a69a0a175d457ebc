import type { Diagnostic } from '../../../diagnostics/diagnostic.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import type { Route } from '../../../model/route.ts'
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
import { mirrorFindings, routesOf } from './rule-routes.ts'
import type { TableContext } from './rule-routes.ts'

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
