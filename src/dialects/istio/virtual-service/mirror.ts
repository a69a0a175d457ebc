import type { z } from 'zod'
import type { Diagnostic, FieldPath } from '../../../diagnostics/diagnostic.ts'
import { finding } from '../../../diagnostics/finding.ts'
import { message } from '../../../manifest/message.ts'
import { everyRequest } from '../../../model/fraction.ts'
import type { Millionths } from '../../../model/fraction.ts'
import type { Mirror } from '../../../model/mirror.ts'
import { shortHash } from '../../../model/names.ts'
import { backendOf, destination } from './destination.ts'
import { shareIn } from './mirror-hint.ts'
import { mirroredShare } from '../../reading/percentage.ts'
import { percent } from './percentage.ts'
import { overriddenBy } from '../../reading/annotation.ts'
import type { Settings } from '../../../model/settings.ts'
import { rawValue, reportOn } from '../../reading/report.ts'
import type { Report } from '../../reading/report.ts'
import type { ReadSite, RuleSite } from './rule-site.ts'

/** Istio's HTTPMirrorPolicy. */
export const mirrorPolicy = message({ destination, percentage: percent.optional() })

/** The fields of an HTTP rule about mirroring, as they were decoded. */
export interface DeclaredMirrors {
  readonly mirror?: z.infer<typeof destination> | undefined
  readonly mirrors?: readonly (z.infer<typeof mirrorPolicy> | undefined)[] | undefined
  readonly mirrorPercentage?: z.infer<typeof percent> | undefined
  readonly mirrorPercent?: number | undefined
}

/** A percentage of mirrored requests; without a fraction it has a mistake. */
interface Share {
  readonly declared: unknown
  readonly fraction: Millionths | undefined
}

interface SharedMirror {
  readonly destination: z.infer<typeof destination>
  readonly fraction: Millionths | undefined
}

/** The same fields, their percentages read. */
export interface MirrorFields {
  readonly mirror?: z.infer<typeof destination> | undefined
  readonly mirrors?: readonly (SharedMirror | undefined)[] | undefined
  readonly mirrorPercentage?: Share | undefined
  readonly mirrorPercent?: Share | undefined
}

/**
 * Reads the percentages. Percentages of a rule without `mirror` are reported where the mirror is declared.
 */
export function readMirrors(
  { mirror, mirrors, mirrorPercentage, mirrorPercent }: DeclaredMirrors,
  { report, path }: ReadSite,
): MirrorFields {
  const unreported = reportOn(report.manifest)
  if (mirror !== undefined && mirrorPercent !== undefined) {
    report.note('field/deprecated', [...path, 'mirrorPercent'], {
      message: 'mirrorPercent is deprecated',
      hint: 'write mirrorPercentage: {value: …}',
    })
  }
  const ofMirror = mirror === undefined ? unreported : report
  return {
    ...(mirror === undefined ? {} : { mirror }),
    ...(mirrors === undefined
      ? {}
      : {
          mirrors: mirrors.map((each, index) =>
            each === undefined
              ? undefined
              : {
                  destination: each.destination,
                  fraction: fractionAt([...path, 'mirrors', index, 'percentage'], report),
                },
          ),
        }),
    ...(mirrorPercentage === undefined
      ? {}
      : {
          mirrorPercentage: {
            declared: mirrorPercentage,
            fraction: fractionAt([...path, 'mirrorPercentage'], ofMirror),
          },
        }),
    ...(mirrorPercent === undefined
      ? {}
      : {
          mirrorPercent: {
            declared: mirrorPercent,
            fraction: mirroredShare(
              [...path, 'mirrorPercent'],
              mirrorPercentage === undefined ? ofMirror : unreported,
            ),
          },
        }),
  }
}

/** The fraction of a `Percent` in the user's object: absent is every request, without a value none. */
function fractionAt(path: FieldPath, report: Report): Millionths | undefined {
  const { manifest } = report
  if (rawValue(manifest, path) === undefined) return everyRequest
  if (rawValue(manifest, [...path, 'value']) !== undefined) return mirroredShare([...path, 'value'], report)
  report.note('mirror/percentage-absent', path, {
    message: `${String(path.at(-1))} has no value, which Istio takes for 0: nothing is mirrored`,
    hint: 'write the value; value: 0 says that nothing is to be mirrored',
  })
  return 0 as Millionths
}

/** The place of a field: a delegate's mirror may have its root's percentage. */
type SiteOf = (field: keyof MirrorFields) => RuleSite

export interface MirrorContext {
  readonly siteOf: SiteOf
  readonly settings: Settings
  /** Gives each mirror of the route table its own runtime key. */
  readonly runtimeKey: (target: string) => string
}

/** The mirrors of a rule, without those of nothing. */
export function mirrorsOf(rule: MirrorFields, context: MirrorContext): readonly Mirror[] {
  return placedMirrors(rule, context.siteOf)
    .map((each) => mirrorAt(each, context))
    .filter((mirror) => mirror !== undefined)
}

interface PlacedMirror {
  readonly value: z.infer<typeof destination>
  readonly site: RuleSite
  /** Path of the destination in the object. */
  readonly path: FieldPath
  readonly fraction: Millionths | undefined
}

function placedMirrors(rule: MirrorFields, siteOf: SiteOf): readonly PlacedMirror[] {
  const [site, ofList] = [siteOf('mirror'), siteOf('mirrors')]
  const single =
    rule.mirror === undefined
      ? []
      : [{ value: rule.mirror, site, path: [...site.path, 'mirror'], fraction: singleFraction(rule) }]
  const several = (rule.mirrors ?? []).flatMap((each, index) =>
    each === undefined
      ? []
      : [
          {
            value: each.destination,
            site: ofList,
            path: [...ofList.path, 'mirrors', index, 'destination'],
            fraction: each.fraction,
          },
        ],
  )
  return [...single, ...several]
}

/** `mirrorPercentage` wins over the deprecated `mirrorPercent`, also when it is 0. */
function singleFraction({ mirrorPercentage, mirrorPercent }: MirrorFields): Millionths | undefined {
  const share = mirrorPercentage ?? mirrorPercent
  return share === undefined ? everyRequest : share.fraction
}

function mirrorAt(
  { value, site: { manifest, overrides }, path, fraction }: PlacedMirror,
  { settings, runtimeKey: keyFor }: MirrorContext,
): Mirror | undefined {
  const backend = backendOf(value, { manifest, path, domain: settings.domain })
  const target = shortHash(`${backend.host}|${backend.port ?? ''}|${backend.subset ?? ''}`)
  // Taken for a mirror of nothing too: the number of a repetition must not depend on a percentage.
  const runtimeKey = keyFor(target)
  if (fraction === undefined || fraction === 0) return undefined
  return {
    backend,
    fraction,
    runtimeKey,
    ...overriddenBy(overrides, settings),
    origin: { object: manifest.id, path },
  }
}

/** Findings about percentages without a mirror. */
export function percentagesWithoutMirror(rule: MirrorFields, siteOf: SiteOf): readonly Diagnostic[] {
  if (rule.mirror !== undefined) return []
  return (['mirrorPercentage', 'mirrorPercent'] as const).flatMap((field) => {
    const share = rule[field]
    const { manifest, path } = siteOf(field)
    if (share === undefined || rawValue(manifest, [...path, 'mirror']) !== undefined) return []
    return finding(
      'mirror/percentage-without-mirror',
      { object: manifest.id, path: [...path, field] },
      {
        message: `${field} has no effect without mirror`,
        hint:
          rule.mirrors === undefined
            ? 'name the destination in mirror'
            : `write percentage: {value: ${shareIn(share.declared)}} in each entry of mirrors`,
      },
    )
  })
}

/** Findings about the mirrors of a rule that answers by itself, with `a redirect` or `a direct response`. */
export function mirrorsWithoutForward(
  rule: MirrorFields,
  siteOf: SiteOf,
  answer: string,
): readonly Diagnostic[] {
  return placedMirrors(rule, siteOf)
    .filter(({ fraction }) => fraction !== undefined && fraction > 0)
    .map(({ site: { manifest }, path }) =>
      finding(
        'mirror/without-forward',
        { object: manifest.id, path },
        { message: `the rule answers with ${answer}, so there is nothing to mirror` },
      ),
    )
}
