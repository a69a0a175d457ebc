import type { FieldPath } from '../../../src/diagnostics/diagnostic.ts'
import type { Json, JsonObject } from '../../../src/manifest/manifest.ts'
import type { Case } from './case.ts'
import { changed } from './mistake.ts'

export interface ShrinkOptions {
  /** Whether a smaller case still shows the defect. */
  readonly shows: (subject: Case) => Promise<boolean>
  /** How many smaller cases may be tried. */
  readonly tries: number
}

/** A case without whatever objects, fields and elements the defect does not need. */
export async function shrink(subject: Case, { shows, tries }: ShrinkOptions): Promise<Case> {
  let smallest = subject
  let left = tries
  for (let hasShrunk = true; hasShrunk && left > 0;) {
    hasShrunk = false
    for (const smaller of smallerCases(smallest)) {
      if (left <= 0) break
      left -= 1
      if (!(await shows(smaller))) continue
      smallest = smaller
      hasShrunk = true
      break
    }
  }
  return smallest
}

/** Each with one object, or one field, less; larger parts first. */
function* smallerCases(subject: Case): Generator<Case> {
  for (const [index] of subject.sound.entries()) {
    if (index !== subject.mistake?.object && subject.sound.length > 1) yield withoutObject(subject, index)
  }
  const places = subject.sound.flatMap((object, index) =>
    removable(object, []).map((path) => ({ index, path })),
  )
  for (const { index, path } of places.toSorted((a, b) => a.path.length - b.path.length)) {
    const smaller = withoutField(subject, index, path)
    if (smaller !== undefined) yield smaller
  }
}

function withoutObject(subject: Case, index: number): Case {
  const { mistake } = subject
  return renewed(
    subject,
    subject.sound.filter((_, each) => each !== index),
    mistake === undefined
      ? undefined
      : { ...mistake, object: mistake.object - Number(index < mistake.object) },
  )
}

/** Undefined if the field is what the mistake is in. */
function withoutField(subject: Case, index: number, path: FieldPath): Case | undefined {
  const { mistake } = subject
  const sound = subject.sound.map((object, each) => (each === index ? without(object, path) : object))
  if (mistake?.object !== index) return renewed(subject, sound, mistake)
  if (path.every((step, at) => String(mistake.path[at]) === String(step))) return undefined
  return renewed(subject, sound, {
    ...mistake,
    written: without(mistake.written, path),
    path: moved(mistake.path, path),
  })
}

function renewed(subject: Case, sound: readonly JsonObject[], mistake: Case['mistake']): Case {
  return {
    ...subject,
    sound,
    mistake,
    objects:
      mistake === undefined
        ? sound
        : sound.map((each, index) => (index === mistake.object ? mistake.written : each)),
  }
}

/** Where a path leads once an element before it in one of its lists has gone. */
function moved(path: FieldPath, removed: FieldPath): FieldPath {
  const at = removed.length - 1
  const [step, gone] = [path[at], removed[at]]
  const isSameList = removed.slice(0, at).every((each, index) => String(path[index]) === String(each))
  return isSameList && typeof step === 'number' && typeof gone === 'number' && gone < step
    ? path.with(at, step - 1)
    : path
}

function without(object: JsonObject, path: FieldPath): JsonObject {
  const at = path.at(-1)
  if (typeof at !== 'number') return changed(object, path, undefined) as JsonObject
  const above = path.slice(0, -1)
  const list = above.reduce<Json>(
    (value, step) => (value as Readonly<Record<string | number, Json>> | null)?.[step] ?? null,
    object,
  )
  return Array.isArray(list)
    ? (changed(
        object,
        above,
        (list as readonly Json[]).filter((_, index) => index !== at),
      ) as JsonObject)
    : object
}

function removable(value: Json, path: FieldPath): readonly FieldPath[] {
  if (value === null || typeof value !== 'object') return []
  const below = Array.isArray(value)
    ? value.map((each: Json, index) => [index, each] as const)
    : Object.entries(value)
  return below.flatMap(([step, each]) => {
    const at = [...path, step]
    const isIdentity =
      (path.length === 0 && ['apiVersion', 'kind', 'spec'].includes(String(step))) ||
      path[0] === 'metadata' ||
      at[0] === 'metadata'
    return [...(isIdentity ? [] : [at]), ...removable(each, at)]
  })
}
