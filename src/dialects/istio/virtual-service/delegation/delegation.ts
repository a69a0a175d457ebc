import { didYouMean } from '../../../../diagnostics/did-you-mean.ts'
import type { Diagnostic, ObjectId } from '../../../../diagnostics/diagnostic.ts'
import { finding } from '../../../../diagnostics/finding.ts'
import { isVisible } from '../../../../model/visibility.ts'
import type { Visibility } from '../../../../model/visibility.ts'
import type { ObjectLookup } from '../../../dialect.ts'
import type { HttpRule } from '../http-rule.ts'
import type { PlacedRule } from '../placed-rule.ts'
import { mergedRule } from './merged-rule.ts'
import type { Note } from './merged-rule.ts'

/** A VirtualService as its roots see it. */
export interface DelegateSpec {
  readonly isDelegate: boolean
  readonly visibility: Visibility
  /** A rule with a mistake is undefined; the mistake is reported for the delegate itself. */
  readonly rules: readonly (PlacedRule | undefined)[]
}

/** The content of a VirtualService that a root names. */
export type DelegateOf = (id: ObjectId) => DelegateSpec

/** The delegates' rules for the rules of one root. */
export interface Delegation {
  /**
   * The rules of the delegate that a rule names, each merged with it; empty, with a diagnostic, if they are
   * not available.
   */
  rulesOf(root: PlacedRule): readonly PlacedRule[]
  /** Findings about the delegates that are named, and those that follow from the merge. */
  diagnostics(): readonly Diagnostic[]
}

/** Reads delegates through `lookup`, so that an edit of one translates its roots again, and nothing else. */
export function delegation(lookup: ObjectLookup, delegateOf: DelegateOf): Delegation {
  const found: Diagnostic[] = []
  const note: Note = (code, origin, wording) => {
    found.push(finding(code, origin, wording))
  }
  return {
    rulesOf(root) {
      const spec = findDelegate(root, { lookup, delegateOf, note })
      const merged = (spec?.rules ?? []).flatMap((delegate) =>
        delegate === undefined || delegate.rule.delegate !== undefined
          ? []
          : (mergedRule({ root, delegate }, note) ?? []),
      )
      notePercentageWithoutMirror(root, merged, note)
      return merged
    },
    diagnostics: () => found,
  }
}

/** The VirtualService that a rule of `root` delegates to; without a namespace it is in the root's. */
export function delegateId(
  { name = '', namespace = '' }: NonNullable<HttpRule['delegate']>,
  root: ObjectId,
): ObjectId {
  return { ...root, namespace: namespace === '' ? root.namespace : namespace, name }
}

interface Question {
  readonly lookup: ObjectLookup
  readonly delegateOf: DelegateOf
  readonly note: Note
}

function findDelegate(root: PlacedRule, { lookup, delegateOf, note }: Question): DelegateSpec | undefined {
  const {
    manifest: { id },
    path,
  } = root.siteOf('delegate')
  const delegate = delegateId(root.rule.delegate ?? {}, id)
  const { namespace, name } = delegate
  const at = { object: id, path: [...path, 'delegate', 'name'] }
  if (lookup.manifest(delegate) === undefined) {
    const names = lookup.manifestsOf(id, namespace).map((each) => each.id.name)
    const meant = didYouMean(name, names)
    note('delegate/unknown', at, {
      message: `there is no VirtualService ${namespace}/${name}: the rule has no effect`,
      ...(meant === undefined ? {} : { hint: `did you mean \`${meant}\`?` }),
    })
    return undefined
  }
  const spec = delegateOf(delegate)
  if (!spec.isDelegate) {
    note('delegate/not-a-delegate', at, {
      message: `VirtualService ${namespace}/${name} has hosts and is not a delegate: the rule has no effect`,
      hint: `remove hosts and gateways from ${namespace}/${name}`,
    })
    return undefined
  }
  if (!isVisible(spec.visibility, id.namespace)) {
    note('delegate/not-visible', at, {
      message:
        `VirtualService ${namespace}/${name} is not exported to namespace ${id.namespace}: the ` +
        `rule has no effect`,
      hint: `add "${id.namespace}" to its exportTo`,
    })
    return undefined
  }
  return spec
}

function notePercentageWithoutMirror(root: PlacedRule, merged: readonly PlacedRule[], note: Note): void {
  if (merged.length === 0 || merged.some(({ rule }) => rule.mirror !== undefined)) return
  const others = merged.some(({ rule }) => (rule.mirrors ?? []).length > 0)
  for (const field of ['mirrorPercentage', 'mirrorPercent'] as const) {
    if (root.rule[field] === undefined) continue
    const { manifest, path } = root.siteOf(field)
    note(
      'mirror/percentage-without-mirror',
      { object: manifest.id, path: [...path, field] },
      {
        message: others
          ? `${field} has no effect on the mirrors of the delegate, which have percentages of their own`
          : `${field} has no effect: neither this rule nor its delegate has a mirror`,
      },
    )
  }
}
