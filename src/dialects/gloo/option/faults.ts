import { z } from 'zod'
import { message } from '../../../manifest/message.ts'
import { millionthsOfPercentage, percentageOf } from '../../../model/fraction.ts'
import type { Millionths } from '../../../model/fraction.ts'
import type { Fault } from '../../../model/route.ts'
import { positiveDuration } from '../../reading/constraint.ts'
import { writtenPercentage } from '../../reading/percentage.ts'
import type { Site } from '../reference.ts'
import { anyNumber } from './shadowing.ts'

/** Gloo's RouteFaults. */
export const faults = message({
  abort: message({
    percentage: anyNumber.optional(),
    httpStatus: z.number().int().min(200).max(599).optional(),
  }).optional(),
  delay: message({ percentage: anyNumber.optional(), fixedDelay: positiveDuration.optional() }).optional(),
})

/** The faults for a share of the requests. A part with a mistake is left out, and the mistake reported. */
export function faultOf({ abort, delay }: z.infer<typeof faults>, site: Site): Fault | undefined {
  const delayed =
    delay === undefined ? undefined : part('delay', { what: delay.fixedDelay, field: 'fixedDelay' }, site)
  const aborted =
    abort === undefined ? undefined : part('abort', { what: abort.httpStatus, field: 'httpStatus' }, site)
  if (delayed === undefined && aborted === undefined) return undefined
  return {
    delay: delayed === undefined ? undefined : { duration: delayed.what, fraction: delayed.fraction },
    abort:
      aborted === undefined
        ? undefined
        : { status: { kind: 'http', code: aborted.what }, fraction: aborted.fraction },
  }
}

interface DeclaredPart {
  readonly what: number | undefined
  readonly field: string
}

interface FaultPart {
  readonly what: number
  readonly fraction: Millionths
}

function part(
  name: 'delay' | 'abort',
  { what, field }: DeclaredPart,
  { report, path }: Site,
): FaultPart | undefined {
  const at = [...path, name]
  if (what === undefined) {
    report.note('fault/without-effect', at, {
      message: `faults.${name} names no ${field}, so it does nothing`,
      hint: `write ${field}`,
    })
    return undefined
  }
  const fraction = fractionAt([...at, 'percentage'], { report, path: at })
  return fraction === undefined || fraction === 0 ? undefined : { what, fraction }
}

/** The share at a field; absent it is none, as in Gloo. */
function fractionAt(
  field: Site['path'],
  { report, path }: Pick<Site, 'report' | 'path'>,
): Millionths | undefined {
  const written = writtenPercentage(report.manifest, field)
  if (written === undefined) {
    report.note('fault/without-effect', path, {
      message: `${String(path.at(-1))} names no percentage, and Gloo takes that for none of the requests`,
      hint: 'write percentage: 100 for all',
    })
    return undefined
  }
  const rounded = millionthsOfPercentage(written.text)
  if (rounded === undefined) {
    report.reject('field/invalid-value', written.path, {
      message: `${written.field} is ${written.text}, must be 0 to 100`,
      hint: written.value > 100 ? 'use 100 for every request' : 'use 0 for none',
    })
    return undefined
  }
  if (!rounded.exact) {
    report.note('fault/percentage-rounded', written.path, {
      message:
        `${written.field} is ${written.text}, more digits than a millionth can hold: ` +
        `${percentageOf(rounded.millionths)} is used`,
      hint: `write ${percentageOf(rounded.millionths)}`,
    })
  }
  return rounded.millionths
}
