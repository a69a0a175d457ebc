import { isDeepStrictEqual } from 'node:util'
import { codes } from '../../diagnostics/codes.ts'
import { objectKey, objectName } from '../../diagnostics/diagnostic.ts'
import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import type { MayBeRead } from '../../manifest/kubernetes-object.ts'
import type { LocatedManifest } from '../../manifest/manifest.ts'
import type { Contribution } from './held-file.ts'
import type { SourceState } from '../source.ts'

export interface JoinOptions {
  readonly outages: readonly string[]
  /** Whether anything reads objects of a kind. */
  readonly mayBeRead: MayBeRead
}

/**
 * Joins the contents of the files. The first definition of an object is used, by path and position; each
 * later one has a diagnostic.
 */
export function joinFiles(
  contributions: readonly Contribution[],
  { outages, mayBeRead }: JoinOptions,
): SourceState {
  const files = onceEach(contributions)
  const manifests = new Map<string, LocatedManifest>()
  const duplicates: Diagnostic[] = []
  for (const located of files.flatMap((file) => file.manifests)) {
    const key = objectKey(located.manifest.id)
    const first = manifests.get(key)
    if (first === undefined) manifests.set(key, located)
    else duplicates.push(duplicate(first, located, mayBeRead))
  }
  for (const located of files.flatMap((file) => file.leaving)) {
    const key = objectKey(located.manifest.id)
    if (!manifests.has(key)) manifests.set(key, located)
  }
  return {
    manifests,
    diagnostics: [...files.flatMap((file) => file.diagnostics), ...duplicates],
    outage: outages.length === 0 ? undefined : outages.join('; '),
  }
}

/**
 * True if the states are indistinguishable: the same objects at the same places, the same diagnostics, the
 * same outage.
 */
export function sameState(a: SourceState, b: SourceState): boolean {
  return (
    a.outage === b.outage &&
    a.manifests.size === b.manifests.size &&
    [...a.manifests].every(([key, located]) => b.manifests.get(key) === located) &&
    JSON.stringify(a.diagnostics) === JSON.stringify(b.diagnostics)
  )
}

/** Sorted by path in code units; a file that two configured paths lead to is there once. */
function onceEach(contributions: readonly Contribution[]): readonly Contribution[] {
  const seen = new Set<string>()
  return contributions
    .toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
    .filter(({ real }) => !seen.has(real) && seen.add(real))
}

function duplicate(first: LocatedManifest, other: LocatedManifest, mayBeRead: MayBeRead): Diagnostic {
  const { id, apiVersion } = other.manifest
  const [used, ignored] = [first.locate(['metadata', 'name']), other.locate(['metadata', 'name'])]
  const isSame = isDeepStrictEqual(first.manifest.object, other.manifest.object)
  const isRead = mayBeRead({ apiVersion, kind: id.kind })
  return {
    code: 'manifest/duplicate',
    severity: !isRead ? 'info' : isSame ? 'warning' : codes['manifest/duplicate'].severity,
    message:
      `${id.kind} ${objectName(id)} is defined at ${used.file}:${used.line} and ` +
      `again${isSame ? ', in the same words,' : ''} at ${ignored.file}:${ignored.line}; the first ` +
      `definition is used`,
    ...(isRead
      ? { hint: isSame ? 'remove one of the two' : 'remove one of the two, or give it another name' }
      : {}),
    origin: { object: id, path: ['metadata', 'name'] },
    place: ignored,
  }
}
