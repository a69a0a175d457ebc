import { z } from 'zod'
import type { FieldPath } from '../../diagnostics/diagnostic.ts'
import { message } from '../../manifest/message.ts'
import { everyRequest, millionthsOfPercentage, percentageOf } from '../../model/fraction.ts'
import type { Millionths } from '../../model/fraction.ts'
import type { Mirror } from '../../model/mirror.ts'
import { shortHash } from '../../model/names.ts'
import type { MirrorOptions } from './annotation.ts'
import { backendOf, destination } from './destination.ts'
import { rawValue } from './report.ts'
import type { Report } from './report.ts'

/** The value is read from its text, so what is a number but none of ours (NaN, infinity) is let through to there. */
const anyNumber = z.preprocess((value) => typeof value === 'number' && !Number.isFinite(value) ? 0 : value, z.number())

export const percent = message({ value: anyNumber.optional() })

/** Istio's HTTPMirrorPolicy. */
export const mirrorPolicy = message({ destination, percentage: percent.optional() })

/** The fields of an HTTP rule that say what is mirrored. */
export interface MirrorFields {
  readonly mirror?: z.infer<typeof destination> | undefined
  readonly mirrors?: readonly (z.infer<typeof mirrorPolicy> | undefined)[] | undefined
  readonly mirrorPercentage?: z.infer<typeof percent> | undefined
  readonly mirrorPercent?: number | undefined
}

export interface MirrorContext {
  readonly report: Report
  /** Of the HTTP rule. */
  readonly path: FieldPath
  readonly domain: string
  readonly options: MirrorOptions
  /** Gives each mirror of the object its own runtime key. */
  readonly runtimeKey: (target: string) => string
}

/** The mirrors of a rule. A mirror with a mistake is left out; what is wrong with it is in the report. */
export function mirrorsOf(rule: MirrorFields, context: MirrorContext): readonly Mirror[] {
  const { report, path } = context
  if (rule.mirror !== undefined && rule.mirrors !== undefined && rule.mirrors.length > 0) {
    report.refuse('mirror/mirror-and-mirrors', [...path, 'mirrors'], {
      message: 'mirror and mirrors exclude each other',
      hint: 'move the destination of mirror, and its percentage, into the list mirrors',
    })
    return []
  }
  notePercentageWithoutMirror(rule, context)
  const single = rule.mirror === undefined ? [] : [mirrorAt({ value: rule.mirror, path: [...path, 'mirror'], fraction: singleFraction(rule, context) }, context)]
  const several = (rule.mirrors ?? []).map((each, index) => {
    if (each === undefined) return undefined
    const at = [...path, 'mirrors', index]
    return mirrorAt({ value: each.destination, path: [...at, 'destination'], fraction: fractionAt([...at, 'percentage'], context) }, context)
  })
  return [...single, ...several].filter((mirror) => mirror !== undefined)
}

interface DeclaredMirror {
  readonly value: z.infer<typeof destination>
  readonly path: FieldPath
  readonly fraction: Millionths | undefined
}

function mirrorAt({ value, path, fraction }: DeclaredMirror, context: MirrorContext): Mirror | undefined {
  const backend = backendOf(value, { manifest: context.report.manifest, path, domain: context.domain })
  const target = shortHash(`${backend.host}|${backend.port ?? ''}|${backend.subset ?? ''}`)
  // Asked for by a mirror of nothing too: the number of a repetition must not depend on a percentage.
  const runtimeKey = context.runtimeKey(target)
  if (fraction === undefined || fraction === 0) return undefined
  return { backend, fraction, runtimeKey, ...context.options, origin: { object: context.report.manifest.id, path } }
}

/** `mirrorPercentage` wins over the deprecated `mirrorPercent`, also when it is 0. */
function singleFraction(rule: MirrorFields, context: MirrorContext): Millionths | undefined {
  const { report, path } = context
  if (rule.mirrorPercent !== undefined) {
    report.note('field/deprecated', [...path, 'mirrorPercent'], { message: 'mirrorPercent is deprecated', hint: 'write mirrorPercentage: {value: …}' })
  }
  if (rawValue(report.manifest, [...path, 'mirrorPercentage']) !== undefined) return fractionAt([...path, 'mirrorPercentage'], context)
  const whole = rawValue(report.manifest, [...path, 'mirrorPercent'])
  return whole === undefined ? everyRequest : percentageAt(whole.path, context)
}

/** The fraction of a `Percent` in the user's object: absent is every request, without a value none. */
function fractionAt(path: FieldPath, context: MirrorContext): Millionths | undefined {
  const declared = rawValue(context.report.manifest, path)
  if (declared === undefined) return everyRequest
  if (typeof declared.value !== 'object') return undefined // the decoder has reported its type
  const value = rawValue(context.report.manifest, [...path, 'value'])
  return value === undefined ? 0 as Millionths : percentageAt(value.path, context)
}

function percentageAt(path: FieldPath, { report }: MirrorContext): Millionths | undefined {
  const value = rawValue(report.manifest, path)?.value
  if (typeof value !== 'number') return undefined // the decoder has reported its type
  const text = report.manifest.exactNumbers[JSON.stringify(path)] ?? String(value)
  const field = path.filter((step) => typeof step === 'string').slice(2).join('.')
  const rounded = millionthsOfPercentage(text)
  if (rounded === undefined) {
    report.refuse('mirror/percentage-out-of-range', path, {
      message: `${field} is ${text}, must be 0 to 100`,
      hint: value > 100 ? 'use 100 to mirror every request' : 'use 0 to mirror nothing',
    })
    return undefined
  }
  const { millionths, exact } = rounded
  if (millionths === 0 && !exact) {
    report.note('mirror/percentage-rounds-to-zero', path, {
      message: `${field} is ${text}, which rounds to 0 parts per million: nothing is mirrored`,
      hint: 'the smallest share is 0.0001',
    })
  } else if (!exact) {
    report.note('mirror/percentage-rounded', path, {
      message: `${field} is ${text}, more digits than a millionth can hold: ${percentageOf(millionths)} is used`,
      hint: `write ${percentageOf(millionths)}`,
    })
  }
  return millionths
}

function notePercentageWithoutMirror(rule: MirrorFields, { report, path }: MirrorContext): void {
  if (rule.mirror !== undefined || rawValue(report.manifest, [...path, 'mirror']) !== undefined) return
  for (const field of ['mirrorPercentage', 'mirrorPercent'] as const) {
    if (rule[field] === undefined) continue
    report.note('mirror/percentage-without-mirror', [...path, field], {
      message: `${field} has no effect without mirror`,
      hint: rule.mirrors === undefined ? 'name the destination in mirror' : 'in mirrors, each entry has a percentage of its own',
    })
  }
}
