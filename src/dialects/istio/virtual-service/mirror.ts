import type { z } from 'zod'
import type { FieldPath } from '../../../diagnostics/diagnostic.ts'
import { message } from '../../../manifest/message.ts'
import { everyRequest } from '../../../model/fraction.ts'
import type { Millionths } from '../../../model/fraction.ts'
import type { Mirror } from '../../../model/mirror.ts'
import { shortHash } from '../../../model/names.ts'
import { backendOf, destination } from './destination.ts'
import { shareIn } from './mirror-hint.ts'
import { mirroredShare } from '../../reading/percentage.ts'
import { percent } from './percentage.ts'
import { rawValue } from '../../reading/report.ts'
import type { RuleSite } from './rule-site.ts'

/** Istio's HTTPMirrorPolicy. */
export const mirrorPolicy = message({ destination, percentage: percent.optional() })

/** The fields of an HTTP rule about mirroring. */
export interface MirrorFields {
  readonly mirror?: z.infer<typeof destination> | undefined
  readonly mirrors?: readonly (z.infer<typeof mirrorPolicy> | undefined)[] | undefined
  readonly mirrorPercentage?: z.infer<typeof percent> | undefined
  readonly mirrorPercent?: number | undefined
}

export interface MirrorContext {
  /** The place of a field: a delegate's mirror may have its root's percentage. */
  readonly siteOf: (field: keyof MirrorFields) => RuleSite
  readonly domain: string
  /** Gives each mirror of the route table its own runtime key. */
  readonly runtimeKey: (target: string) => string
}

/** The mirrors of a rule. A mirror with a mistake is left out, and the mistake reported. */
export function mirrorsOf(rule: MirrorFields, context: MirrorContext): readonly Mirror[] {
  notePercentageWithoutMirror(rule, context)
  const site = context.siteOf('mirror')
  const single =
    rule.mirror === undefined
      ? []
      : [
          mirrorAt(
            { value: rule.mirror, site, field: ['mirror'], fraction: singleFraction(rule, context) },
            context,
          ),
        ]
  return [...single, ...severalOf(rule, context)].filter((mirror) => mirror !== undefined)
}

function severalOf({ mirrors = [] }: MirrorFields, context: MirrorContext): readonly (Mirror | undefined)[] {
  const site = context.siteOf('mirrors')
  return mirrors.map((each, index) =>
    each === undefined
      ? undefined
      : mirrorAt(
          {
            value: each.destination,
            site,
            field: ['mirrors', index, 'destination'],
            fraction: fractionAt([...site.path, 'mirrors', index, 'percentage'], site),
          },
          context,
        ),
  )
}

interface DeclaredMirror {
  readonly value: z.infer<typeof destination>
  readonly site: RuleSite
  /** Path of the destination in the rule. */
  readonly field: FieldPath
  readonly fraction: Millionths | undefined
}

function mirrorAt(
  { value, site, field, fraction }: DeclaredMirror,
  context: MirrorContext,
): Mirror | undefined {
  const { manifest } = site.report
  const path = [...site.path, ...field]
  const backend = backendOf(value, { manifest, path, domain: context.domain })
  const target = shortHash(`${backend.host}|${backend.port ?? ''}|${backend.subset ?? ''}`)
  // Taken for a mirror of nothing too: the number of a repetition must not depend on a percentage.
  const runtimeKey = context.runtimeKey(target)
  if (fraction === undefined || fraction === 0) return undefined
  return { backend, fraction, runtimeKey, ...site.options, origin: { object: manifest.id, path } }
}

/** `mirrorPercentage` wins over the deprecated `mirrorPercent`, also when it is 0. */
function singleFraction(rule: MirrorFields, { siteOf }: MirrorContext): Millionths | undefined {
  if (rule.mirrorPercent !== undefined) {
    const { report, path } = siteOf('mirrorPercent')
    report.note('field/deprecated', [...path, 'mirrorPercent'], {
      message: 'mirrorPercent is deprecated',
      hint: 'write mirrorPercentage: {value: …}',
    })
  }
  if (rule.mirrorPercentage !== undefined) {
    const site = siteOf('mirrorPercentage')
    return fractionAt([...site.path, 'mirrorPercentage'], site)
  }
  const site = siteOf('mirrorPercent')
  return rule.mirrorPercent === undefined
    ? everyRequest
    : mirroredShare([...site.path, 'mirrorPercent'], site.report)
}

/** The fraction of a `Percent` in the user's object: absent is every request, without a value none. */
function fractionAt(path: FieldPath, site: RuleSite): Millionths | undefined {
  const { manifest } = site.report
  if (rawValue(manifest, path) === undefined) return everyRequest
  if (rawValue(manifest, [...path, 'value']) !== undefined)
    return mirroredShare([...path, 'value'], site.report)
  site.report.note('mirror/percentage-absent', path, {
    message: `${String(path.at(-1))} has no value, which Istio takes for 0: nothing is mirrored`,
    hint: 'write the value; value: 0 says that nothing is to be mirrored',
  })
  return 0 as Millionths
}

function notePercentageWithoutMirror(rule: MirrorFields, { siteOf }: MirrorContext): void {
  if (rule.mirror !== undefined) return
  for (const field of ['mirrorPercentage', 'mirrorPercent'] as const) {
    const { report, path } = siteOf(field)
    if (rule[field] === undefined || rawValue(report.manifest, [...path, 'mirror']) !== undefined) continue
    report.note('mirror/percentage-without-mirror', [...path, field], {
      message: `${field} has no effect without mirror`,
      hint:
        rule.mirrors === undefined
          ? 'name the destination in mirror'
          : `write percentage: {value: ${shareIn(rule[field])}} in each entry of mirrors`,
    })
  }
}
