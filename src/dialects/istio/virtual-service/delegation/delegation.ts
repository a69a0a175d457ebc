import { didYouMean } from '../../../../diagnostics/did-you-mean.ts'
import type { Diagnostic, ObjectId } from '../../../../diagnostics/diagnostic.ts'
import type { Manifest } from '../../../../manifest/manifest.ts'
import { isVisible } from '../../../../model/visibility.ts'
import type { Visibility } from '../../../../model/visibility.ts'
import type { ObjectLookup } from '../../../dialect.ts'
import { mirrorOptions } from '../../../reading/annotation.ts'
import type { HttpRule } from '../http-rule.ts'
import { followsFromMerge, mergedRule } from './merged-rule.ts'
import { placedRule } from '../placed-rule.ts'
import type { PlacedRule } from '../placed-rule.ts'
import { reportOn } from '../../../reading/report.ts'
import type { Report } from '../../../reading/report.ts'
import { checkedRule } from '../rule-check.ts'

/** A VirtualService as its roots see it. */
export interface DelegateSpec {
  readonly isDelegate: boolean
  readonly visibility: Visibility
  /** A rule with a mistake is undefined; the mistake is reported when the delegate itself is translated. */
  readonly rules: readonly (HttpRule | undefined)[]
}

/** The delegates' rules for the rules of one root. */
export interface Delegation {
  /**
   * The rules of the delegate that a rule names, each merged with it; empty, with a diagnostic, if they are
   * not available.
   */
  rulesOf(root: PlacedRule): readonly PlacedRule[]
  /** Findings in delegates that follow from the merge, after the rules have become routes. */
  diagnostics(): readonly Diagnostic[]
}

/** Reads delegates through `lookup`, so that an edit of one translates its roots again, and nothing else. */
export function delegation(lookup: ObjectLookup, read: (manifest: Manifest) => DelegateSpec): Delegation {
  const merging: Report[] = []
  const reportIn = (manifest: Manifest): Report => {
    const report = reportOn(manifest)
    merging.push(report)
    return report
  }
  return {
    rulesOf(root) {
      const found = findDelegate(root, lookup, read)
      if (found === undefined) return []
      const { report, path, options } = root.siteOf('delegate')
      const rootSite = { report: reportIn(report.manifest), path, options }
      const placedRoot = { ...root, siteOf: () => rootSite }
      const delegateReport = reportIn(found.manifest)
      const common = { report: delegateReport, options: mirrorOptions(delegateReport, lookup.settings) }
      const merged = found.spec.rules.flatMap((rule, index): readonly PlacedRule[] => {
        if (rule === undefined || rule.delegate !== undefined) return []
        const site = { ...common, path: ['spec', 'http', index] }
        const one = mergedRule(placedRoot, placedRule(checkedRule(rule, site), site))
        return one === undefined ? [] : [one]
      })
      notePercentageWithoutMirror(root, merged)
      return merged
    },
    diagnostics: () => merging.flatMap((report) => report.diagnostics).filter(followsFromMerge),
  }
}

/** The VirtualService that a rule of `root` delegates to; without a namespace it is in the root's. */
export function delegateId(
  { name = '', namespace = '' }: NonNullable<HttpRule['delegate']>,
  root: ObjectId,
): ObjectId {
  return { ...root, namespace: namespace === '' ? root.namespace : namespace, name }
}

interface Found {
  readonly manifest: Manifest
  readonly spec: DelegateSpec
}

function findDelegate(
  root: PlacedRule,
  lookup: ObjectLookup,
  read: (manifest: Manifest) => DelegateSpec,
): Found | undefined {
  const { report, path } = root.siteOf('delegate')
  const { id } = report.manifest
  const delegate = delegateId(root.rule.delegate ?? {}, id)
  const { namespace, name } = delegate
  const manifest = lookup.manifest(delegate)
  const at = [...path, 'delegate', 'name']
  if (manifest === undefined) {
    const names = lookup.manifestsOf(id, namespace).map((each) => each.id.name)
    const meant = didYouMean(name, names)
    report.note('delegate/unknown', at, {
      message: `there is no VirtualService ${namespace}/${name}: the rule has no effect`,
      ...(meant === undefined ? {} : { hint: `did you mean \`${meant}\`?` }),
    })
    return undefined
  }
  const spec = read(manifest)
  if (!spec.isDelegate) {
    report.note('delegate/not-a-delegate', at, {
      message: `VirtualService ${namespace}/${name} has hosts, so it is no delegate: the rule has no effect`,
      hint: `remove hosts and gateways from ${namespace}/${name}`,
    })
    return undefined
  }
  if (!isVisible(spec.visibility, id.namespace)) {
    report.note('delegate/not-visible', at, {
      message:
        `VirtualService ${namespace}/${name} is not exported to namespace ${id.namespace}: the ` +
        `rule has no effect`,
      hint: `add "${id.namespace}" to its exportTo`,
    })
    return undefined
  }
  return { manifest, spec }
}

function notePercentageWithoutMirror(root: PlacedRule, merged: readonly PlacedRule[]): void {
  if (merged.length === 0 || merged.some(({ rule }) => rule.mirror !== undefined)) return
  const others = merged.some(({ rule }) => (rule.mirrors ?? []).length > 0)
  for (const field of ['mirrorPercentage', 'mirrorPercent'] as const) {
    if (root.rule[field] === undefined) continue
    const { report, path } = root.siteOf(field)
    report.note('mirror/percentage-without-mirror', [...path, field], {
      message: others
        ? `${field} has no effect on the mirrors of the delegate, which have percentages of their own`
        : `${field} has no effect: neither this rule nor its delegate has a mirror`,
    })
  }
}
