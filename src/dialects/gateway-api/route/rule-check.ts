import { noteUnsupported } from '../../reading/report.ts'
import type { Report } from '../../reading/report.ts'

/** The fields of a rule that are checked alike in both kinds of routes. */
export interface CheckedRule {
  readonly name?: string | undefined
  readonly matches?: readonly unknown[] | undefined
  readonly filters?: readonly unknown[] | undefined
  readonly backendRefs?:
    readonly ({ readonly filters?: readonly unknown[] | undefined } | undefined)[] | undefined
  readonly sessionPersistence?: unknown
}

const most = { rules: 16, matches: 64, filters: 16, backendRefs: 16, matchesOfAll: 128 } as const

/** Refuses what the CRD does of a route's rules together: it costs nothing, as every rule can be served. */
export function checkRules(rules: readonly (CheckedRule | undefined)[], report: Report): void {
  const limit = (
    list: readonly unknown[] | undefined,
    path: readonly (string | number)[],
    maximum: number,
  ): void => {
    if (list === undefined || list.length <= maximum) return
    report.reject('field/invalid-value', path, {
      message: `${path.at(-1)} is a list of ${list.length}, must have at most ${maximum}`,
      hint: 'Kubernetes refuses a longer one: write a second route',
    })
  }
  limit(rules, ['spec', 'rules'], most.rules)
  const names = new Set<string>()
  rules.forEach((rule, index) => {
    if (rule === undefined) return
    const path = ['spec', 'rules', index]
    for (const field of ['matches', 'filters', 'backendRefs'] as const)
      limit(rule[field], [...path, field], most[field])
    for (const [at, backend] of (rule.backendRefs ?? []).entries())
      limit(backend?.filters, [...path, 'backendRefs', at, 'filters'], most.filters)
    noteUnsupported(report, { path, value: { sessionPersistence: rule.sessionPersistence } }, [
      'sessionPersistence',
    ])
    if (rule.name === undefined) return
    if (names.has(rule.name)) {
      const shown = JSON.stringify(rule.name)
      report.reject('field/invalid-value', [...path, 'name'], {
        message: `name is ${shown}, which an earlier rule has, must be unique in the route`,
      })
    }
    names.add(rule.name)
  })
  const total = rules.reduce((sum, rule) => sum + (rule?.matches?.length ?? 0), 0)
  if (total > most.matchesOfAll) {
    report.reject('field/invalid-value', ['spec', 'rules'], {
      message: `the rules have ${total} matches together, must have at most ${most.matchesOfAll}`,
      hint: 'Kubernetes refuses more: write a second route',
    })
  }
}
