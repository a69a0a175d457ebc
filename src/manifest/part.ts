import type { FieldPath } from '../diagnostics/diagnostic.ts'
import { camelCase } from './field-name.ts'
import { isRecord } from './message.ts'

/**
 * A part of a value that can be left out alone: one field or list element, or several fields that mean
 * something only together.
 */
export interface Part {
  readonly paths: readonly FieldPath[]
}

/**
 * The parts that enclose `path`, smallest first. A pattern is `http.*.mirror`, `*` being any list element or
 * map key, or `http.*.{mirror,mirrorPercentage}`: a mistake in either field takes both away.
 */
export function enclosingParts(patterns: readonly string[], path: FieldPath): readonly Part[] {
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
export function fitsPattern(pattern: string, path: FieldPath): boolean {
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
export function without(value: unknown, paths: readonly FieldPath[]): unknown {
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
