import type { FieldPath } from '../../diagnostics/diagnostic.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import { millionthsOfPercentage, percentageOf } from '../../model/fraction.ts'
import type { Millionths } from '../../model/fraction.ts'
import { rawValue } from './report.ts'
import type { Report } from './report.ts'

/** A percentage as the user wrote it. */
export interface WrittenPercentage {
  readonly path: FieldPath
  /** `mirrorPercentage.value`: the field within its rule. */
  readonly field: string
  readonly value: number
  /** All of its digits, including those that a double cannot hold. */
  readonly text: string
}

/**
 * The number at a path of the user's object; undefined if it is not a number, which the decoder has reported.
 */
export function writtenPercentage(manifest: Manifest, path: FieldPath): WrittenPercentage | undefined {
  const found = rawValue(manifest, path)
  if (typeof found?.value !== 'number') return undefined
  return {
    path: found.path,
    field: found.path
      .filter((step) => typeof step === 'string')
      .slice(2)
      .join('.'),
    value: found.value,
    text: manifest.exactNumbers[JSON.stringify(found.path)] ?? String(found.value),
  }
}

/**
 * The share of a mirror, from its percentage at a path of the user's object. Undefined if the percentage is
 * not valid; the mistake is reported.
 */
export function mirroredShare(path: FieldPath, report: Report): Millionths | undefined {
  const written = writtenPercentage(report.manifest, path)
  if (written === undefined) return undefined
  const { field, text } = written
  const rounded = millionthsOfPercentage(text)
  if (rounded === undefined) {
    report.reject('mirror/percentage-out-of-range', written.path, {
      message: `${field} is ${text}, must be 0 to 100`,
      hint: written.value < 0 ? 'write 0 to mirror nothing' : 'write a percentage from 0 to 100',
    })
    return undefined
  }
  const { millionths, exact } = rounded
  if (millionths === 0 && !exact) {
    report.note('mirror/percentage-rounds-to-zero', written.path, {
      message: `${field} is ${text}, which rounds to 0 parts per million: nothing is mirrored`,
      hint: 'the smallest share is 0.0001',
    })
  } else if (!exact) noteRounding('mirror/percentage-rounded', written, { report, millionths })
  return millionths
}

/** Notes that a percentage has more digits than a millionth can hold. */
export function noteRounding(
  code: 'mirror/percentage-rounded' | 'fault/percentage-rounded',
  { path, field, text }: WrittenPercentage,
  { report, millionths }: { readonly report: Report; readonly millionths: Millionths },
): void {
  const used = percentageOf(millionths)
  report.note(code, path, {
    message: `${field} is ${text}, more digits than a millionth can hold: ${used} is used`,
    hint: `write ${used}`,
  })
}
