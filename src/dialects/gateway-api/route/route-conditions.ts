import type { Condition } from '../../../model/condition.ts'
import { notAccepted, resolvedRefs } from '../conditions.ts'
import type { ReferenceProblem } from '../conditions.ts'

/** Reasons of the specification for rules that are not served as they are written. */
export type InvalidReason = 'UnsupportedValue' | 'IncompatibleFilters'

/** Collects what a route's status says of the route itself. */
export interface RouteConditions {
  /** Notes a reference and its problem; undefined: none. */
  reference(problem: ReferenceProblem | undefined): void
  /** Notes a rule, by its index, that is left out or answers with an error. */
  invalidRule(index: number, reason: InvalidReason): void
  /**
   * RouteConditionResolvedRefs; RouteConditionAccepted and RouteConditionPartiallyInvalid if rules are
   * invalid.
   */
  all(rules: number): readonly Condition[]
}

export function createRouteConditions(): RouteConditions {
  const problems: ReferenceProblem[] = []
  const invalid = new Map<number, InvalidReason>()
  return {
    reference(problem) {
      if (problem !== undefined) problems.push(problem)
    },
    invalidRule(index, reason) {
      if (!invalid.has(index)) invalid.set(index, reason)
    },
    all(rules) {
      const [reason] = invalid.values()
      if (reason === undefined) return [resolvedRefs(problems)]
      const shown = [...invalid.keys()]
        .toSorted((a, b) => a - b)
        .map((index) => `rules[${index}]`)
        .join(', ')
      const verdict =
        invalid.size === rules
          ? notAccepted(reason, `no rule is valid: ${shown}`)
          : ({
              type: 'PartiallyInvalid',
              status: 'True',
              reason,
              message: `Dropped Rule: ${shown} not served as written`,
            } as const)
      return [resolvedRefs(problems), verdict]
    },
  }
}
