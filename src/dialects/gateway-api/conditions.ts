import type { Condition } from '../../model/condition.ts'

/** Reasons of the specification for a ResolvedRefs that is False. */
export type UnresolvedReason = 'RefNotPermitted' | 'BackendNotFound' | 'InvalidKind' | 'UnsupportedValue'

/** A reference that cannot be followed. */
export interface ReferenceProblem {
  readonly reason: UnresolvedReason
  readonly message: string
}

/**
 * RouteConditionAccepted, GatewayConditionAccepted, ListenerConditionAccepted of an object that is served.
 */
export function accepted(message: string): Condition {
  return { type: 'Accepted', status: 'True', reason: 'Accepted', message }
}

/** Accepted of an object that is not served. */
export function notAccepted(reason: string, message: string): Condition {
  return { type: 'Accepted', status: 'False', reason, message }
}

/** RouteConditionResolvedRefs: the reason of the first problem, the messages of all. */
export function resolvedRefs(problems: readonly ReferenceProblem[]): Condition {
  const [first] = problems
  if (first === undefined)
    return {
      type: 'ResolvedRefs',
      status: 'True',
      reason: 'ResolvedRefs',
      message: 'every reference is resolved',
    }
  return {
    type: 'ResolvedRefs',
    status: 'False',
    reason: first.reason,
    message: problems.map(({ message }) => message).join('; '),
  }
}
