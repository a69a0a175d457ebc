import type { Diagnostic } from '../../../diagnostics/diagnostic.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import type { Route } from '../../../model/route.ts'
import type { ObjectLookup } from '../../dialect.ts'
import { mirrorOptions } from '../../reading/annotation.ts'
import { delegation } from './delegation/delegation.ts'
import type { DelegateSpec } from './delegation/delegation.ts'
import type { HttpRule } from './http-rule.ts'
import { placedRule } from './placed-rule.ts'
import type { PlacedRule } from './placed-rule.ts'
import { reportOn } from '../../reading/report.ts'
import type { Report } from '../../reading/report.ts'
import { checkedRule } from './rule-check.ts'
import { routesOf } from './rule-routes.ts'
import type { TableContext } from './rule-routes.ts'

export interface RulesContext {
  /** Findings in the object of the rules, except `HttpRoutes.diagnostics`. */
  readonly report: Report
  readonly lookup: ObjectLookup
  readonly readDelegate: (manifest: Manifest) => DelegateSpec
}

export interface HttpRoutes {
  readonly routes: readonly Route[]
  readonly diagnostics: readonly Diagnostic[]
  readonly rejected: boolean
}

type Rules = readonly (HttpRule | undefined)[]

/** The routes of a VirtualService with hosts, including those of its delegates. */
export function httpRoutes(rules: Rules, { report, lookup, readDelegate }: RulesContext): HttpRoutes {
  const table = tableContext(report.manifest, lookup)
  const delegates = delegation(lookup, readDelegate)
  const judgement = judging(report.manifest, lookup)
  const routes = placedRules(rules, { report, lookup }).flatMap((placed) => {
    if (placed.rule.delegate === undefined) return routesOf(placed, table)
    judgement.judge(placed)
    return delegates.rulesOf(placed).flatMap((merged) => routesOf(merged, table))
  })
  return {
    routes,
    diagnostics: [...judgement.diagnostics(), ...delegates.diagnostics()],
    rejected: judgement.report.rejected,
  }
}

/** Findings about the rules of a delegate by itself; they become routes only in its roots. */
export function delegateMistakes(
  rules: Rules,
  { report, lookup }: Pick<RulesContext, 'report' | 'lookup'>,
): HttpRoutes {
  const judgement = judging(report.manifest, lookup)
  for (const placed of placedRules(rules, { report, lookup })) {
    if (placed.rule.delegate !== undefined) {
      report.reject('delegate/nested', [...placed.siteOf('delegate').path, 'delegate'], {
        message: "a delegate's rule delegates, which Istio allows to roots only: it has no effect",
        hint: 'name this delegate in the root',
      })
    }
    judgement.judge(placed)
  }
  return { routes: [], diagnostics: judgement.diagnostics(), rejected: judgement.report.rejected }
}

function placedRules(
  rules: Rules,
  { report, lookup }: Pick<RulesContext, 'report' | 'lookup'>,
): readonly PlacedRule[] {
  const options = mirrorOptions(report, lookup.settings)
  return rules.flatMap((rule, index): readonly PlacedRule[] => {
    if (rule === undefined) return []
    const site = { report, path: ['spec', 'http', index], options }
    return [placedRule(checkedRule(rule, site), site)]
  })
}

/**
 * Checks a rule whose other half is in another object: whether its percentage has a mirror is unknown here.
 */
function judging(manifest: Manifest, lookup: ObjectLookup) {
  const report = reportOn(manifest)
  return {
    report,
    judge: (placed: PlacedRule): void => {
      routesOf(
        { ...placed, siteOf: (field) => ({ ...placed.siteOf(field), report }) },
        tableContext(manifest, lookup),
      )
    },
    diagnostics: () => report.diagnostics.filter(({ code }) => code !== 'mirror/percentage-without-mirror'),
  }
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
