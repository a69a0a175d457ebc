/*
 * A file that is written in place can be read half-written: cut at any byte, and often valid YAML. Such a state must not
 * remove a route. A cut loses what stands behind it, so a change in place that takes nothing away is in force at once,
 * and one that does is held back, the last good version staying in force, until the file has been left alone for the
 * settle time. What the file then says is what its author meant, with one exception: a text that the old one continues in
 * the middle of a line is refused until the file changes again, because nobody deletes half a line.
 * A file that was replaced (renamed into place, or reached through a symbolic link that was swapped) was written before.
 */
import { objectKey } from '../diagnostics/diagnostic.ts'
import type { Json } from '../manifest/manifest.ts'
import { isJsonObject } from '../manifest/message.ts'
import { keysOf, manifestsOf } from './file-version.ts'
import type { FileVersion } from './file-version.ts'

/** What to do with a file's new version: take it now, after the settle time, or (at `offset` it ends in a line) not at all. */
export type Verdict =
  | { readonly kind: 'accept' }
  | { readonly kind: 'hold'; readonly settles: 'accept' }
  | { readonly kind: 'hold'; readonly settles: 'refuse'; readonly offset: number }

/** How a file's bytes changed since they were last read. */
export type Change = 'in-place' | 'replaced'

/** Decides over a new version of a file; `old` is the version in force. */
export function judge(old: FileVersion, next: FileVersion, change: Change): Verdict {
  if (change === 'replaced') return { kind: 'accept' }
  // A cut inside a character of several bytes decodes to U+FFFD.
  const written = next.text.replace(/\uFFFD+$/, '')
  if (written.trimEnd() === old.text.trimEnd()) return { kind: 'accept' }
  const endsInLine = written !== '' && !written.endsWith('\n')
  if (old.text.startsWith(written)) return endsInLine ? { kind: 'hold', settles: 'refuse', offset: written.length } : { kind: 'hold', settles: 'accept' }
  const lastLineOpen = endsInLine && old.text.endsWith('\n')
  return lastLineOpen || takesAway(old, next) ? { kind: 'hold', settles: 'accept' } : { kind: 'accept' }
}

/** True when an object of `old` is absent from `next`, or one in the last document of `next` has lost a field or list element. */
export function takesAway(old: FileVersion, next: FileVersion): boolean {
  const present = keysOf(manifestsOf(next))
  const before = new Map(manifestsOf(old).map(({ manifest }) => [objectKey(manifest.id), manifest.object]))
  if ([...before.keys()].some((key) => !present.has(key))) return true
  const last = next.parsed.documents.at(-1)?.manifests ?? []
  return last.some(({ manifest }) => loses(before.get(objectKey(manifest.id)), manifest.object))
}

function loses(old: Json | undefined, next: Json | undefined): boolean {
  if (old === undefined || old === null) return false
  if (next === undefined || next === null) return true
  if (isList(old)) return !isList(next) || old.length > next.length || old.some((item, index) => loses(item, next[index]))
  if (isJsonObject(old)) return !isJsonObject(next) || Object.entries(old).some(([key, value]) => loses(value, next[key]))
  return false
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
