import { z } from 'zod'
import type { FieldPath } from '../../../diagnostics/diagnostic.ts'
import { message } from '../../../manifest/message.ts'
import { everyRequest, millionthsOfFraction } from '../../../model/fraction.ts'
import type { Millionths } from '../../../model/fraction.ts'
import type { Mirror } from '../../../model/mirror.ts'
import { shortHash } from '../../../model/names.ts'
import { largestInt32 } from '../../reading/constraint.ts'
import { mirroredShare } from '../../reading/percentage.ts'
import { backendObjectReference, backendOf } from './backend-reference.ts'
import type { BackendObjectReference } from './backend-reference.ts'
import type { DeclaredMirror } from './declared-mirror.ts'
import type { RouteContext } from './route-context.ts'

const outOfRange = { code: 'mirror/percentage-out-of-range' }

/** The Gateway API's Fraction: `numerator` out of `denominator`, 100 if absent. */
const fraction = message({
  numerator: z.number().int().max(largestInt32),
  denominator: z.number().int().min(1).max(largestInt32).default(100),
}).superRefine(({ numerator, denominator }, context) => {
  if (numerator < 0)
    context.addIssue({
      code: 'custom',
      path: ['numerator'],
      message: 'must be at least 0',
      params: { ...outOfRange, hint: 'write 0 to mirror nothing' },
    })
  if (numerator > denominator) {
    const hint = 'write a numerator from 0 to the denominator'
    context.addIssue({
      code: 'custom',
      path: ['numerator'],
      message: `must be at most the denominator, ${denominator}`,
      params: { ...outOfRange, hint },
    })
  }
})

/** The Gateway API's HTTPRequestMirrorFilter. The range of `percent` is checked by `mirroredShare`. */
export const requestMirror = message({
  backendRef: backendObjectReference,
  percent: z.number().int().optional(),
  fraction: fraction.optional(),
}).refine(({ percent, fraction: declared }) => percent === undefined || declared === undefined, {
  message: 'has percent and fraction, must have one of them',
})

export type RequestMirror = z.infer<typeof requestMirror>

/** The rule of a mirror: its name in the runtime key, and the destinations of its requests. */
export interface MirroringRule {
  readonly key: string
  readonly backendRefs: readonly (BackendObjectReference | undefined)[]
}

/**
 * The mirror of a filter; undefined if it mirrors nothing. A backend that does not exist is dropped later,
 * and the route is served without it.
 */
export function mirrorOf(
  { value, path }: DeclaredMirror,
  rule: MirroringRule,
  context: RouteContext,
): Mirror | undefined {
  const { report, lookup, options, conditions } = context
  const { manifest } = report
  const at = [...path, 'backendRef']
  const { backend, problem } = backendOf(value.backendRef, {
    manifest,
    path: at,
    lookup,
    report,
    consequence: 'nothing is mirrored there, the route is served without it',
    primaries: rule.backendRefs.filter((each) => each !== undefined),
  })
  conditions.reference(problem)
  // The kind is in the hash, so that objects of several kinds may have one name, and a rule of one name, and
  // never share a dial.
  const target = shortHash(`${manifest.id.kind}|${backend.host}|${backend.port ?? ''}`)
  const runtimeKey = context.distinct(
    `shadowplane.mirror.${manifest.id.namespace}.${manifest.id.name}.${rule.key}.${target}`,
  )
  const share = shareOf(value, path, context)
  if (share === undefined || share === 0) return undefined
  return { backend, fraction: share, runtimeKey, ...options, origin: { object: manifest.id, path: at } }
}

function shareOf(
  { percent, fraction: declared }: RequestMirror,
  path: FieldPath,
  { report }: RouteContext,
): Millionths | undefined {
  if (percent !== undefined) return mirroredShare([...path, 'percent'], report)
  if (declared === undefined) return everyRequest
  const { numerator, denominator } = declared
  const rounded = millionthsOfFraction(numerator, denominator)
  if (rounded?.millionths === 0 && !rounded.exact) {
    report.note('mirror/percentage-rounds-to-zero', [...path, 'fraction'], {
      message:
        `the fraction is ${numerator} of ${denominator}, which rounds to 0 parts per million: ` +
        `nothing is mirrored`,
      hint: 'the smallest share is 1 of 1000000',
    })
  }
  return rounded?.millionths
}
