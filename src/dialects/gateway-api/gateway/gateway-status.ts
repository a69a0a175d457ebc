import type { ObjectId } from '../../../diagnostics/diagnostic.ts'
import type { Condition, ObjectAddress, ObjectStatus } from '../../../model/condition.ts'
import { accepted, notAccepted } from '../conditions.ts'
import type { Listener } from './gateway-spec.ts'
import type { JudgedListener } from './listener.ts'
import { invalidCertificate } from './listener-tls.ts'
import type { Conflict } from './listener-conflict.ts'

/** A listener with all that its conditions say. */
export interface ListenerStanding extends JudgedListener {
  readonly listener: Listener
  readonly conflict: Conflict | undefined
}

/**
 * The status of a Gateway, and of each of its listeners. How many routes are attached to one is not known
 * here, nor whether a Gateway without addresses of ours has others: it is Programmed only with one
 * (`gatewayApiStatus`).
 */
export function gatewayStatuses(
  gateway: ObjectId,
  listeners: readonly ListenerStanding[],
  addresses?: readonly ObjectAddress[],
): readonly ObjectStatus[] {
  return [
    {
      object: gateway,
      conditions: gatewayConditions(listeners),
      ...(addresses === undefined ? {} : { addresses }),
    },
    ...listeners.map((each): ObjectStatus => ({
      object: gateway,
      section: each.listener.name,
      conditions: listenerConditions(each),
    })),
  ]
}

function gatewayConditions(listeners: readonly ListenerStanding[]): readonly Condition[] {
  const names = (those: readonly ListenerStanding[]): string =>
    those.map(({ listener }) => listener.name).join(', ')
  const rejected = listeners.filter((each) => each.rejected !== undefined)
  const served = listeners.filter(isProgrammed)
  const valid = rejected.length < listeners.length
  const invalid = `not accepted: ${names(rejected)}`
  return [
    !valid
      ? notAccepted('ListenersNotValid', listeners.length === 0 ? 'no listener can be read' : invalid)
      : rejected.length === 0
        ? accepted('every listener is accepted')
        : { type: 'Accepted', status: 'True', reason: 'ListenersNotValid', message: invalid },
    served.length === 0
      ? { type: 'Programmed', status: 'False', reason: 'Invalid', message: 'no listener is served' }
      : { type: 'Programmed', status: 'True', reason: 'Programmed', message: `served: ${names(served)}` },
  ]
}

/** A listener whose certificate does not exist answers no request, although proxies have it already. */
function isProgrammed({ serves, unresolved }: Pick<JudgedListener, 'serves' | 'unresolved'>): boolean {
  return serves !== undefined && unresolved?.reason !== invalidCertificate
}

function listenerConditions({
  serves,
  rejected,
  unresolved,
  conflict,
}: ListenerStanding): readonly Condition[] {
  const why = rejected ?? unresolved
  return [
    rejected === undefined
      ? accepted('the listener is valid')
      : notAccepted(rejected.reason, rejected.message),
    conflict === undefined
      ? {
          type: 'Conflicted',
          status: 'False',
          reason: 'NoConflicts',
          message: 'no other listener takes its requests',
        }
      : { type: 'Conflicted', status: 'True', reason: conflict.reason, message: rejected?.message ?? '' },
    unresolved === undefined
      ? {
          type: 'ResolvedRefs',
          status: 'True',
          reason: 'ResolvedRefs',
          message: 'every reference is resolved',
        }
      : { type: 'ResolvedRefs', status: 'False', ...unresolved },
    !isProgrammed({ serves, unresolved })
      ? {
          type: 'Programmed',
          status: 'False',
          reason: 'Invalid',
          message: why?.message ?? 'it is not served',
        }
      : { type: 'Programmed', status: 'True', reason: 'Programmed', message: 'the listener is served' },
  ]
}
