import { z } from 'zod'
import type { FieldPath } from '../../diagnostics/diagnostic.ts'
import { message } from '../../manifest/message.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import { rawValue } from './report.ts'

/** The value is read from its text, so what is a number but none of ours (NaN, infinity) is let through to there. */
const anyNumber = z.preprocess((value) => typeof value === 'number' && !Number.isFinite(value) ? 0 : value, z.number())

/** Istio's Percent. */
export const percent = message({ value: anyNumber.optional() })

/** A percentage as the user wrote it. */
export interface WrittenPercentage {
  readonly path: FieldPath
  /** `mirrorPercentage.value`: the field within its HTTP rule. */
  readonly field: string
  readonly value: number
  /** All of its digits, also those that a double cannot hold. */
  readonly text: string
}

/** The number at a path of the user's object; undefined for what is no number, which the decoder has reported. */
export function writtenPercentage(manifest: Manifest, path: FieldPath): WrittenPercentage | undefined {
  const found = rawValue(manifest, path)
  if (typeof found?.value !== 'number') return undefined
  return {
    path: found.path,
    field: found.path.filter((step) => typeof step === 'string').slice(2).join('.'),
    value: found.value,
    text: manifest.exactNumbers[JSON.stringify(found.path)] ?? String(found.value),
  }
}
