import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import { renderPath } from '../../diagnostics/field-path.ts'
import type { JsonObject } from '../../manifest/manifest.ts'
import type { Condition } from '../../model/condition.ts'
import { isOurs } from '../reading/revision.ts'
import { generationOf, writtenConditions } from '../status.ts'
import type { StatusMoment, StatusReport } from '../status.ts'

const levels = { error: 'ERROR', warning: 'WARNING', info: 'INFO' } as const
const mostMessages = 20

/**
 * IstioStatus, of objects that the label of our revision keeps from every istiod: of others, istiod may be
 * writing it.
 */
export function istioStatus(
  { manifest, inForce, settings }: StatusReport,
  { current, diagnostics, now }: StatusMoment,
): JsonObject | undefined {
  if (!isOurs(manifest, settings)) return undefined
  const generation = generationOf(manifest)
  const told = diagnostics
    .filter(({ severity }) => severity !== 'info')
    .toSorted((a, b) => rank(a) - rank(b) || (line(a) < line(b) ? -1 : 1))
    .slice(0, mostMessages)
  return {
    ...current,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    conditions: writtenConditions(current['conditions'], [accepted(told, inForce)], {
      generation,
      now,
      types: ['Accepted'],
    }),
    validationMessages: told.map(({ code, severity }): JsonObject => ({
      type: { name: code, code },
      level: levels[severity],
    })),
  }
}

function accepted(told: readonly Diagnostic[], inForce: StatusReport['inForce']): Condition {
  const errors = told.filter(({ severity }) => severity === 'error')
  const message = [
    ...(inForce === 'last good' ? ['the last good version stays in force'] : []),
    ...told.map(line),
  ].join('; ')
  if (inForce === 'newest' && errors.length === 0)
    return {
      type: 'Accepted',
      status: 'True',
      reason: told.length === 0 ? 'Accepted' : 'Warnings',
      message: message === '' ? 'nothing is wrong with it' : message,
    }
  return {
    type: 'Accepted',
    status: 'False',
    reason: inForce === 'last good' ? 'Refused' : 'Errors',
    message,
  }
}

function rank({ severity }: Diagnostic): number {
  return severity === 'error' ? 0 : 1
}

function line({ origin, message, hint }: Diagnostic): string {
  const place = origin === undefined ? '' : `${renderPath(origin.path)}: `
  return `${place}${message}${hint === undefined ? '' : ` (${hint})`}`
}
