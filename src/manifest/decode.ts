import type { z } from 'zod'
import { codes } from '../diagnostics/codes.ts'
import { objectName } from '../diagnostics/diagnostic.ts'
import type { Diagnostic, FieldPath } from '../diagnostics/diagnostic.ts'
import { renderPath } from '../diagnostics/field-path.ts'
import { camelCase } from './field-name.ts'
import { findings, spelledPath, valueAt } from './issue.ts'
import type { Finding } from './issue.ts'
import type { Manifest } from './manifest.ts'
import { isRecord } from './message.ts'

export interface DecodeOptions<T> {
  readonly manifest: Manifest
  /** Path of the part of the object that `schema` describes, for example `['spec']`. */
  readonly path: FieldPath
  readonly schema: z.ZodType<T>
  /**
   * The parts that can be left out separately, relative to `path`: `http.*.{mirror,mirrorPercentage}`,
   * `http.*`, … (see `enclosingParts`).
   */
  readonly parts: readonly string[]
  /**
   * The consequence of leaving out a part (`[]` is the whole), as the end of a sentence; undefined if the
   * mistake says enough.
   */
  readonly consequence?: (left: FieldPath) => string | undefined
  /** Hints for a field that does not exist or has another type, if the schema alone would mislead. */
  readonly hints?: readonly FieldHint[]
}

/**
 * The hint on one kind of mistake at the paths of a pattern (see `enclosingParts`), relative to
 * `DecodeOptions.path`.
 */
export interface FieldHint {
  readonly code: 'field/unknown' | 'field/wrong-type'
  /** The field as it was written, or the known field that an unknown one probably is. */
  readonly at: string
  /** Makes the hint from the value, and the message that contains it. Undefined: the hint does not apply. */
  readonly hint: (value: unknown, owner: unknown) => string | undefined
  /** For an unknown field: the known field that is left out with it. */
  readonly meant?: string
}

export interface Decoded<T> {
  /** The value without the parts that have mistakes; undefined if only mistakes would remain. */
  readonly value: T | undefined
  readonly diagnostics: readonly Diagnostic[]
  /** True when any mistake was found. */
  readonly rejected: boolean
}

/**
 * Reads a part of a manifest by a schema. Every mistake is a diagnostic, and costs the smallest of `parts`
 * around it. Never throws.
 */
export function decode<T>(options: DecodeOptions<T>): Decoded<T> {
  const { schema } = options
  const written = valueAt(options.manifest.object, options.path) ?? undefined
  const reported = new Map<string, Diagnostic>()
  const removed: FieldPath[] = []
  let value: unknown = written
  for (;;) {
    const parsed = schema.safeParse(value)
    const illFormed = illFormedTexts(value)
    if (parsed.success && illFormed.length === 0)
      return { value: parsed.data, diagnostics: [...reported.values()], rejected: reported.size > 0 }
    const found = [
      ...illFormed,
      ...(parsed.error?.issues ?? []).flatMap((issue) => findings(issue, { schema, value })),
    ].map((each) => withHint(each, written, options))
    const leaveOut = found.map((finding) => smallestPart(finding, options.parts, removed))
    for (const [index, finding] of found.entries()) {
      if (removed.some((path) => encloses(path, finding.path))) continue
      const [left] = leaveOut[index]?.paths ?? [[]]
      const diagnostic = diagnose(
        finding,
        { written, consequence: options.consequence?.(left ?? []) },
        options,
      )
      reported.set(JSON.stringify(diagnostic), diagnostic)
    }
    if (leaveOut.includes(undefined))
      return { value: undefined, diagnostics: [...reported.values()], rejected: true }
    const paths = leaveOut.flatMap((part) => part?.paths ?? [])
    value = without(value, paths)
    removed.push(...paths)
  }
}

/** The finding with the hint that the caller has for it, if there is one. */
function withHint<T>(finding: Finding, written: unknown, { hints = [] }: DecodeOptions<T>): Finding {
  const above = finding.path.slice(0, -1)
  const owner = valueAt(written, above)
  const paths = finding.meant === undefined ? [finding.path] : [finding.path, [...above, finding.meant]]
  for (const { code, at, hint, meant } of hints) {
    if (code !== finding.code || !paths.some((path) => fitsPattern(at, path))) continue
    const text = hint(valueAt(written, finding.path), owner)
    if (text !== undefined) return { ...finding, hint: text, ...(meant === undefined ? {} : { meant }) }
  }
  return finding
}

/**
 * The smallest remaining part around a mistake. An unknown field belongs to the known field that it probably
 * is.
 */
function smallestPart(
  finding: Finding,
  patterns: readonly string[],
  removed: readonly FieldPath[],
): Part | undefined {
  const meant =
    finding.meant === undefined
      ? []
      : enclosingParts(patterns, [...finding.path.slice(0, -1), finding.meant])
          .filter((part) => part.paths.every((path) => path.length === finding.path.length))
          .map((part): Part => ({ paths: [...part.paths, finding.path] }))
  return [...meant, ...enclosingParts(patterns, finding.path)].find(
    (part) => !part.paths.every((path) => removed.some((each) => encloses(each, path))),
  )
}

function encloses(outer: FieldPath, inner: FieldPath): boolean {
  return outer.length <= inner.length && outer.every((step, index) => inner[index] === step)
}

interface Found {
  readonly written: unknown
  readonly consequence: string | undefined
}

function diagnose<T>(
  finding: Finding,
  { written, consequence }: Found,
  options: DecodeOptions<T>,
): Diagnostic {
  const { id } = options.manifest
  const path = [...options.path, ...spelledPath(written, finding.path)]
  return {
    code: finding.code,
    severity: codes[finding.code].severity,
    message:
      `${id.kind} ${objectName(id)}: ${renderPath(path)} ` +
      `${finding.says}${consequence === undefined ? '' : `: ${consequence}`}`,
    ...(finding.hint === undefined ? {} : { hint: finding.hint }),
    ...(consequence === undefined ? {} : { consequence }),
    origin: { object: id, path, ...(finding.part === undefined ? {} : { part: finding.part }) },
  }
}

/**
 * Half of a surrogate pair, as `"\ud800"` is in YAML and JSON: no Unicode text, so no protobuf message can
 * hold it.
 */
const loneSurrogate = /\p{Surrogate}/u

/** The texts in a value, and names of its fields, that are no Unicode. */
function illFormedTexts(value: unknown, path: FieldPath = []): readonly Finding[] {
  if (typeof value === 'string') return inText(value, path)
  if (Array.isArray(value))
    return value.flatMap((each: unknown, index) => illFormedTexts(each, [...path, index]))
  if (!isRecord(value)) return []
  return Object.entries(value).flatMap(([key, each]) => {
    const inKey = inText(key, [...path, key])
    return inKey.length > 0
      ? inKey.map((finding) => ({ ...finding, part: 'key' as const }))
      : illFormedTexts(each, [...path, key])
  })
}

function inText(text: string, path: FieldPath): readonly Finding[] {
  if (text.isWellFormed()) return []
  const found = JSON.stringify(loneSurrogate.exec(text)?.[0] ?? '').slice(1, -1)
  return [
    {
      path,
      code: 'field/invalid-value',
      says: `has ${found}, half of a surrogate pair, which is not a character`,
      hint: 'write the character itself',
    },
  ]
}

/**
 * A part of a value that can be left out alone: one field or list element, or several fields that mean
 * something only together.
 */
interface Part {
  readonly paths: readonly FieldPath[]
}

/**
 * The parts that enclose `path`, smallest first. A pattern is `http.*.mirror`, `*` being any list element or
 * map key, or `http.*.{mirror,mirrorPercentage}`: a mistake in either field takes both away.
 */
function enclosingParts(patterns: readonly string[], path: FieldPath): readonly Part[] {
  return patterns
    .map((pattern) => enclosingPart(pattern, path))
    .filter((part) => part !== undefined)
    .toSorted((a, b) => depth(b) - depth(a))
}

function enclosingPart(pattern: string, path: FieldPath): Part | undefined {
  const segments = pattern.split('.').map(alternatives)
  if (path.length < segments.length) return undefined
  const matches = segments.every(
    (names, index) => names === '*' || names.includes(camelCase(String(path[index]))),
  )
  if (!matches) return undefined
  const above = path.slice(0, segments.length - 1)
  const last = segments.at(-1)
  if (last === undefined || last === '*') return { paths: [path.slice(0, segments.length)] }
  return { paths: last.map((name) => [...above, name]) }
}

/** Whether a pattern, for example one of `enclosingParts`, matches exactly this path. */
function fitsPattern(pattern: string, path: FieldPath): boolean {
  const segments = pattern.split('.').map(alternatives)
  return (
    segments.length === path.length &&
    segments.every((names, index) => names === '*' || names.includes(camelCase(String(path[index]))))
  )
}

function alternatives(segment: string): '*' | readonly string[] {
  if (segment === '*') return '*'
  return segment.startsWith('{') ? segment.slice(1, -1).split(',') : [segment]
}

function depth(part: Part): number {
  return part.paths[0]?.length ?? 0
}

/**
 * `value` without the values at `paths`. A list keeps a hole (undefined) there, so that the other indices
 * stay.
 */
function without(value: unknown, paths: readonly FieldPath[]): unknown {
  if (paths.length === 0) return value
  if (paths.some((path) => path.length === 0)) return undefined
  if (!Array.isArray(value) && !isRecord(value)) return value
  const below = Map.groupBy(paths, ([step = '']) => (Array.isArray(value) ? step : camelCase(String(step))))
  const rest = (step: string | number): readonly FieldPath[] =>
    (below.get(step) ?? []).map((path) => path.slice(1))
  if (Array.isArray(value)) return value.map((item: unknown, index) => without(item, rest(index)))
  const entries = Object.entries(value).flatMap(([key, each]) => {
    const steps = rest(camelCase(key))
    return steps.some((path) => path.length === 0) ? [] : [[key, without(each, steps)] as const]
  })
  return Object.fromEntries(entries)
}
