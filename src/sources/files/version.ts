import { objectKey } from '../../diagnostics/diagnostic.ts'
import type { MayBeRead } from '../../manifest/kubernetes-object.ts'
import type { LocatedManifest } from '../../manifest/manifest.ts'
import { parseManifests, parseManifestsInTurns } from '../../manifest/yaml.ts'
import type { ParsedFile } from '../../manifest/yaml.ts'

/** One state of a file's content. */
export interface FileVersion {
  readonly text: string
  readonly parsed: ParsedFile
  /**
   * Objects of the version before that a document which cannot be read may still hold: they stay, at their
   * old places.
   */
  readonly kept: readonly LocatedManifest[]
}

/** Reads a file's text as the successor of `previous`, the version in force. */
export function nextVersion(file: string, text: string, previous: FileVersion | undefined): FileVersion {
  return successor(text, parseManifests(file, text, { previous: previous?.parsed }), previous)
}

/** A file's text, and which of its objects mean something. */
export interface FileText {
  readonly file: string
  readonly text: string
  readonly mayBeRead: MayBeRead | undefined
}

/** Like `nextVersion`, but yields to the event loop. */
export async function nextVersionInTurns(
  { file, text, mayBeRead }: FileText,
  previous: FileVersion | undefined,
): Promise<FileVersion> {
  return successor(
    text,
    await parseManifestsInTurns(file, text, { previous: previous?.parsed, mayBeRead }),
    previous,
  )
}

function successor(text: string, parsed: ParsedFile, previous: FileVersion | undefined): FileVersion {
  if (parsed.complete || previous === undefined) return { text, parsed, kept: [] }
  const present = keysOf(parsed.manifests)
  return {
    text,
    parsed,
    kept: manifestsOf(previous).filter(({ manifest }) => !present.has(objectKey(manifest.id))),
  }
}

/** All objects of a version, the kept ones last. */
export function manifestsOf(version: FileVersion): readonly LocatedManifest[] {
  return version.kept.length === 0 ? version.parsed.manifests : [...version.parsed.manifests, ...version.kept]
}

export function keysOf(manifests: readonly LocatedManifest[]): ReadonlySet<string> {
  return new Set(manifests.map(({ manifest }) => objectKey(manifest.id)))
}
