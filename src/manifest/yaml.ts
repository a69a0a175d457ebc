import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { codes } from '../diagnostics/codes.ts'
import { readDocument, splitDocuments } from './document.ts'
import type { DocumentContent, TextMistake } from './document.ts'
import type { LocatedManifest } from './manifest.ts'
import type { MayBeRead } from './kubernetes-object.ts'
import { countLines, located } from './text-position.ts'
import type { TextPiece } from './text-position.ts'

/**
 * One document of a file. Two with equal `text` and `linesBefore` answer every question about positions
 * alike.
 */
export interface ParsedDocument extends TextPiece {
  readonly content: DocumentContent
  readonly manifests: readonly LocatedManifest[]
}

export interface ParsedFile {
  readonly manifests: readonly LocatedManifest[]
  readonly diagnostics: readonly Diagnostic[]
  /** False if a document could not be read; its objects are unknown then. */
  readonly complete: boolean
  readonly documents: readonly ParsedDocument[]
}

export interface ParseOptions {
  /** An earlier state of the file. */
  readonly previous?: ParsedFile | undefined
  /** The objects that matter here: a mistake in any other is not an error. Absent: all. */
  readonly mayBeRead?: MayBeRead | undefined
}

/**
 * Reads every Kubernetes object of a file (YAML or JSON). An unreadable document becomes a diagnostic, and
 * the other documents are still read. A document whose text is also in `previous` is not parsed again, and
 * keeps the same manifests; at the same line it is the same value.
 */
export function parseManifests(file: string, text: string, options: ParseOptions = {}): ParsedFile {
  const steps = parseSteps(file, text, options)
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

/** Milliseconds for which documents are read until others have their turn. */
const slice = 20

/** Like `parseManifests`, but yields to the event loop between documents. */
export async function parseManifestsInTurns(
  file: string,
  text: string,
  options: ParseOptions = {},
): Promise<ParsedFile> {
  const steps = parseSteps(file, text, options)
  for (let begun = performance.now(); ;) {
    const step = steps.next()
    if (step.done === true) return step.value
    if (performance.now() < begun + slice) continue
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
    begun = performance.now()
  }
}

const all: MayBeRead = () => true

/** Yields after each document that had to be read. */
function* parseSteps(
  file: string,
  text: string,
  { previous, mayBeRead = all }: ParseOptions,
): Generator<undefined, ParsedFile> {
  const contents = new Map(previous?.documents.map((document) => [document.text, document.content]))
  const byLine = new Map(previous?.documents.map((document) => [document.linesBefore, document]))
  const documents: ParsedDocument[] = []
  let line = 0
  let counted = 0
  for (const piece of splitDocuments(text)) {
    line += countLines(text.slice(counted, piece.offset), Infinity)
    counted = piece.offset
    const same = byLine.get(line)
    if (same?.text === piece.text && same.file === file) {
      documents.push(same)
      continue
    }
    const content = contents.get(piece.text) ?? readDocument(piece.text, mayBeRead)
    documents.push(
      placed({ file, text: piece.text, linesBefore: line, confidential: content.confidential }, content),
    )
    yield
  }
  return {
    manifests: documents.flatMap((document) => document.manifests),
    diagnostics: documents.flatMap((document) =>
      document.content.mistakes.map((mistake) => diagnose(document, mistake)),
    ),
    complete: documents.every((document) => document.content.complete),
    documents,
  }
}

function placed(piece: TextPiece, content: DocumentContent): ParsedDocument {
  const manifests = content.objects.map(({ manifest, locate }): LocatedManifest => ({
    manifest,
    locate: (path, part) => {
      const range = locate(path, part)
      return located(piece, range.start, range.end)
    },
  }))
  return { ...piece, content, manifests }
}

function diagnose(piece: TextPiece, mistake: TextMistake): Diagnostic {
  const { code, message, hint, origin, severity = codes[code].severity, start, end } = mistake
  return {
    code,
    severity,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(origin === undefined ? {} : { origin }),
    place: located(piece, start, end),
  }
}
