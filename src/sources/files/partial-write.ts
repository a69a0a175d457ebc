/*
 * A file that is written in place can be read half-written: cut at any byte, and often valid YAML. Such a
 * state must not remove a route. A cut loses only the end of a file, so three rules decide how long a change
 * in place waits:
 *
 * - A change that removes nothing is in force at once.
 * - A text that ends like the version in force was written to its end. Its lines were removed on purpose.
 * - A text that ends at the end of a line may be cut. It waits until no process has the file open to write.
 *
 * Anything else (an empty file, an end within a line) waits longer. A text that ends in the middle of a line
 * of the version in force is rejected until the file changes again: nobody deletes half a line. A replaced
 * file (renamed into place, or behind a swapped symbolic link) was complete before, and is in force at once.
 */
import { objectKey } from '../../diagnostics/diagnostic.ts'
import type { Json } from '../../manifest/manifest.ts'
import { isJsonObject } from '../../manifest/message.ts'
import { keysOf, manifestsOf } from './version.ts'
import type { FileVersion } from './version.ts'

/**
 * The evidence that a text was written to its end: it ends like the version in force, it ends at the end of a
 * line, or none.
 */
export type Ending = 'as before' | 'of a line' | 'open'

/**
 * The decision about a file's new version: take it now, take it when it is surely complete, or (it ends
 * within a line at `offset`) reject it.
 */
export type Verdict =
  | { readonly kind: 'accept' }
  | { readonly kind: 'hold'; readonly ending: Ending; readonly settles: 'accept' }
  | { readonly kind: 'hold'; readonly ending: 'open'; readonly settles: 'refuse'; readonly offset: number }

/** How a file's bytes changed since the last read. */
export type Change = 'in-place' | 'replaced'

/** Decides over a new version of a file; `old` is the version in force. */
export function judge(old: FileVersion, next: FileVersion, change: Change): Verdict {
  if (change === 'replaced') return { kind: 'accept' }
  // A cut inside a character of several bytes decodes to U+FFFD.
  const written = next.text.replace(/\uFFFD+$/, '')
  if (written.trimEnd() === old.text.trimEnd()) return { kind: 'accept' }
  const endsInLine = written !== '' && !written.endsWith('\n')
  if (old.text.startsWith(written)) {
    const endsLine = /^\r?\n/.test(old.text.slice(written.length))
    if (endsInLine && !endsLine)
      return { kind: 'hold', ending: 'open', settles: 'refuse', offset: written.length }
    return { kind: 'hold', ending: written === '' ? 'open' : 'of a line', settles: 'accept' }
  }
  const lastLineOpen = endsInLine && old.text.endsWith('\n')
  if (!lastLineOpen && !takesAway(old, next)) return { kind: 'accept' }
  return {
    kind: 'hold',
    ending: endsAsBefore(old, next) ? 'as before' : lastLineOpen ? 'open' : 'of a line',
    settles: 'accept',
  }
}

/**
 * True when an object of `old` is absent from `next`, or one in the last document of `next` has lost a field
 * or list element.
 */
export function takesAway(old: FileVersion, next: FileVersion): boolean {
  const present = keysOf(manifestsOf(next))
  const before = new Map(manifestsOf(old).map(({ manifest }) => [objectKey(manifest.id), manifest.object]))
  if ([...before.keys()].some((key) => !present.has(key))) return true
  const last = next.parsed.documents.at(-1)?.manifests ?? []
  return last.some(({ manifest }) => loses(before.get(objectKey(manifest.id)), manifest.object))
}

/** The most lines that are compared to find out whether a text's end is new. */
const longestEnding = 50

/**
 * True when both end with the same objects, and with the same lines, which are in neither text a second time.
 */
function endsAsBefore(old: FileVersion, next: FileVersion): boolean {
  const [before, after] = [`\n${old.text.trimEnd()}\n`, `\n${next.text.trimEnd()}\n`]
  const [last, nextLast] = [lastKeys(old), lastKeys(next)]
  if (last === '' || last !== nextLast) return false
  let start = before.length - 1
  for (let lines = 0; lines < longestEnding && start > 0; lines += 1) {
    start = before.lastIndexOf('\n', start - 1)
    const ending = before.slice(start)
    if (!after.endsWith(ending)) return false
    if (before.indexOf(ending) === start) return after.indexOf(ending) === after.length - ending.length
  }
  return false
}

function lastKeys({ parsed }: FileVersion): string {
  return [...keysOf(parsed.documents.at(-1)?.manifests ?? [])].join()
}

function loses(old: Json | undefined, next: Json | undefined): boolean {
  if (old === undefined || old === null) return false
  if (next === undefined || next === null) return true
  if (isList(old))
    return !isList(next) || old.length > next.length || old.some((item, index) => loses(item, next[index]))
  if (isJsonObject(old))
    return !isJsonObject(next) || Object.entries(old).some(([key, value]) => loses(value, next[key]))
  return false
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
