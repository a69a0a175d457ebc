import { z } from 'zod'
import type { FieldPath } from '../../../diagnostics/diagnostic.ts'
import { message } from '../../../manifest/message.ts'
import { millionthsOfPercentage } from '../../../model/fraction.ts'
import type { Millionths } from '../../../model/fraction.ts'
import type { Fault } from '../../../model/route.ts'
import { positiveDuration } from '../../reading/constraint.ts'
import { noteRounding, writtenPercentage } from '../../reading/percentage.ts'
import { percent } from './percentage.ts'
import { rawValue } from '../../reading/report.ts'
import type { ReadSite } from './rule-site.ts'

/** A field of Istio's API that Istio refuses, too. */
function never(instead: string) {
  return z
    .unknown()
    .refine((value) => value === undefined, {
      message: `must be given as ${instead}, as Istio takes nothing else`,
    })
    .optional()
}

/** gRPC's status codes by name (grpc/doc/statuscodes.md), as Istio spells them. */
export const grpcStatusCodes = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const

const grpcStatus = z.enum(Object.keys(grpcStatusCodes) as (keyof typeof grpcStatusCodes)[])

const delay = message({
  fixedDelay: positiveDuration.optional(),
  exponentialDelay: never('fixedDelay'),
  percentage: percent.optional(),
  percent: z.number().int().min(0).max(100).optional(),
})

const abort = message({
  httpStatus: z.number().int().min(200).max(599).optional(),
  grpcStatus: grpcStatus.optional(),
  http2Error: never('httpStatus or grpcStatus'),
  percentage: percent.optional(),
}).refine(({ httpStatus, grpcStatus: status }) => httpStatus === undefined || status === undefined, {
  message: 'has httpStatus and grpcStatus, must have one of them',
})

/** Istio's HTTPFaultInjection. */
export const fault = message({ delay: delay.optional(), abort: abort.optional() })

type DeclaredFault = z.infer<typeof fault>

/**
 * The faults for a share of the rule's requests. A part with a mistake is left out, and the mistake reported.
 */
export function faultOf(declared: DeclaredFault, site: ReadSite): Fault {
  if (declared.delay === undefined && declared.abort === undefined) {
    site.report.reject('field/invalid-value', [...site.path, 'fault'], {
      message: 'fault has neither delay nor abort, must have one of them',
    })
  }
  return { delay: delayOf(declared.delay, site), abort: abortOf(declared.abort, site) }
}

function delayOf(declared: DeclaredFault['delay'], { report, path }: ReadSite): Fault['delay'] {
  if (declared === undefined) return undefined
  const at = [...path, 'fault', 'delay']
  if (declared.percent !== undefined) {
    report.note('field/deprecated', [...at, 'percent'], {
      message: 'fault.delay.percent is deprecated',
      hint: 'write percentage: {value: …}',
    })
  }
  if (declared.fixedDelay === undefined) {
    report.note('fault/without-effect', at, {
      message: 'fault.delay does not say how long: nothing is delayed',
      hint: 'write fixedDelay',
    })
    return undefined
  }
  const field =
    declared.percentage === undefined && declared.percent !== undefined
      ? [...at, 'percent']
      : [...at, 'percentage', 'value']
  const fraction = fractionAt(field, { report, path: at })
  return fraction === undefined ? undefined : { duration: declared.fixedDelay, fraction }
}

function abortOf(declared: DeclaredFault['abort'], { report, path }: ReadSite): Fault['abort'] {
  if (declared === undefined) return undefined
  const at = [...path, 'fault', 'abort']
  const status =
    declared.httpStatus !== undefined
      ? { kind: 'http' as const, code: declared.httpStatus }
      : declared.grpcStatus !== undefined
        ? { kind: 'grpc' as const, code: grpcStatusCodes[declared.grpcStatus] }
        : undefined
  if (status === undefined) {
    report.note('fault/without-effect', at, {
      message: 'fault.abort does not say with what status: nothing is aborted',
      hint: 'write httpStatus or grpcStatus',
    })
    return undefined
  }
  const fraction = fractionAt([...at, 'percentage', 'value'], { report, path: at })
  return fraction === undefined ? undefined : { status, fraction }
}

/** The share at a field; without one it is none, as in Istio. `path` is that of the delay or abort. */
function fractionAt(field: FieldPath, { report, path }: ReadSite): Millionths | undefined {
  const written = writtenPercentage(report.manifest, field)
  if (written === undefined) {
    if (rawValue(report.manifest, field) === undefined) {
      report.note('fault/without-effect', path, {
        message: `${String(path.at(-1))} names no percentage, and Istio takes that for none of the requests`,
        hint: 'write percentage: {value: 100} for all',
      })
    }
    return 0 as Millionths
  }
  const rounded = millionthsOfPercentage(written.text)
  if (rounded === undefined || (rounded.millionths === 0 && !rounded.exact)) {
    report.reject('field/invalid-value', written.path, {
      message: `${written.field} is ${written.text}, must be 0, or 0.0001 to 100`,
      hint: written.value > 100 ? 'use 100 for every request' : 'use 0 for none',
    })
    return undefined
  }
  if (!rounded.exact)
    noteRounding('fault/percentage-rounded', written, { report, millionths: rounded.millionths })
  return rounded.millionths
}
