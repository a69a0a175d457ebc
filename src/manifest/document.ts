import { parseAllDocuments } from 'yaml'
import type { Document } from 'yaml'
import type { Code, Severity } from '../diagnostics/codes.ts'
import type { FieldPath, Origin } from '../diagnostics/diagnostic.ts'
import { isConfidential, isConfidentialDocument } from './confidential.ts'
import { findObjects } from './kubernetes-object.ts'
import type { MayBeRead } from './kubernetes-object.ts'
import type { Manifest } from './manifest.ts'
import { nodeRange } from './node-range.ts'
import type { NodeRange } from './node-range.ts'
import { nodeValue, UnreadableNode } from './node-value.ts'

/**
 * A mistake in a document's text; offsets are relative to that text. With `origin`, the object exists in
 * spite of it.
 */
export interface TextMistake extends NodeRange {
  readonly code: Code
  /** Absent: that of the code. */
  readonly severity?: Severity
  readonly message: string
  readonly hint?: string
  readonly origin?: Origin
}

/**
 * The content of the text between two `---`. It contains neither file nor line, so that equal text is equal
 * content.
 */
export interface DocumentContent {
  readonly objects: readonly {
    readonly manifest: Manifest
    readonly locate: (path: FieldPath, part?: 'key') => NodeRange
  }[]
  readonly mistakes: readonly TextMistake[]
  /** False when something of the text could not be read as an object. */
  readonly complete: boolean
  /** Its lines must not be shown. */
  readonly confidential: boolean
}

/**
 * The texts of a stream, with their offsets. `---` at the beginning of a line always separates (YAML 1.2.2
 * section 9.1.2), also behind a syntax error.
 */
export function splitDocuments(text: string): readonly { readonly offset: number; readonly text: string }[] {
  const offsets = [0, ...[...text.matchAll(/^---(?=\s|$)/gm)].map((match) => match.index)]
  return offsets
    .map((offset, index) => ({ offset, text: text.slice(offset, offsets[index + 1]) }))
    .filter((piece) => !/^\uFEFF?(?:---)?(?:[ \t]*(?:[#%].*)?(?:\r?\n|$))*$/.test(piece.text))
}

/** Reads one document's text (YAML 1.2 core schema, so JSON too). Never throws for what a user can write. */
export function readDocument(text: string, mayBeRead: MayBeRead): DocumentContent {
  const parts = documents(text).map((_, index) => readPart(text, index, mayBeRead))
  return {
    objects: parts.flatMap((part) => part.objects),
    mistakes: parts.flatMap((part) => part.mistakes),
    complete: parts.every((part) => part.complete),
    confidential: parts.some((part) => part.confidential),
  }
}

/** `...` ends a document too, so one text can hold several; almost always it is one. */
function readPart(text: string, index: number, mayBeRead: MayBeRead): DocumentContent {
  const document = documents(text)[index]
  const error = document?.errors[0]
  if (document === undefined)
    return { objects: [], mistakes: [], complete: true, confidential: isConfidential(text) }
  if (error !== undefined)
    return unreadable(text, { message: error.message, start: error.pos[0], end: error.pos[1] })
  try {
    const read = nodeValue(document.contents)
    const found = findObjects(read, mayBeRead)
    return {
      objects: found.objects.map(({ manifest, prefix }) => ({
        manifest,
        locate: locator(text, index, prefix),
      })),
      mistakes: found.mistakes.map(({ path, ...mistake }) => ({
        ...mistake,
        ...nodeRange({ document, text }, path),
      })),
      complete: found.mistakes.every(
        (mistake) => mistake.origin !== undefined || mistake.code === 'manifest/other-yaml',
      ),
      confidential: isConfidentialDocument(read.value, text),
    }
  } catch (thrown) {
    if (thrown instanceof UnreadableNode)
      return unreadable(text, { message: thrown.message, start: thrown.offset, end: thrown.offset + 1 })
    throw thrown
  }
}

function unreadable(text: string, mistake: Omit<TextMistake, 'code'>): DocumentContent {
  return {
    objects: [],
    mistakes: [{ code: 'yaml/syntax', ...mistake }],
    complete: false,
    confidential: isConfidential(text),
  }
}

/** A function of its own, as a closure in `readPart` would keep the syntax tree alive. */
function locator(text: string, index: number, prefix: FieldPath) {
  return (path: FieldPath, part?: 'key'): NodeRange => {
    const document = documents(text)[index]
    return document === undefined
      ? { start: 0, end: 1 }
      : nodeRange({ document, text }, [...prefix, ...path], part)
  }
}

let latest: { readonly text: string; readonly documents: readonly Document[] } | undefined

/**
 * Syntax trees are large, so only the last one is kept: positions are looked up for one document at a time.
 */
function documents(text: string): readonly Document[] {
  if (latest?.text !== text) latest = { text, documents: parse(text) }
  return latest.documents
}

/**
 * The parser compares each key of a mapping with every other one, which takes minutes for 100,000:
 * `nodeValue` looks for duplicates instead.
 */
function parse(text: string): readonly Document[] {
  const parsed = parseAllDocuments(text, { prettyErrors: false, logLevel: 'silent', uniqueKeys: false })
  return [...parsed]
}
