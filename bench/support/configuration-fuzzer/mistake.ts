import fc from 'fast-check'
import type { FieldPath } from '../../../src/diagnostics/diagnostic.ts'
import type { Json, JsonObject } from '../../../src/manifest/manifest.ts'
import { draft } from './objects.ts'
import type { Draft } from './objects.ts'
import { oddNames, oddValues } from './odd-values.ts'
import { emptyListIsWrong, isFreeMap, isHeaders, isRequired } from './shape.ts'

/** One field of one object that was changed for the worse. */
export interface Mistake {
  /** Index among the objects. */
  readonly object: number
  /** The field in the changed object, or in the sound one if it was removed. */
  readonly path: FieldPath
  readonly what:
    | 'unknown field'
    | 'wrong type'
    | 'odd value'
    | 'odd name'
    | 'removed'
    | 'null'
    | 'null element'
    | 'empty list'
    | 'repeated element'
  /** Whether a diagnostic must say that it is wrong. */
  readonly wrong: 'certainly' | 'perhaps'
}

/** A valid configuration and, of a half-valid one, its mistake. */
export interface Candidate extends Draft {
  readonly mistake?: Mistake & { readonly mistaken: JsonObject }
}

const valid: fc.Arbitrary<Candidate> = draft
const number = fc.integer({ min: 0, max: 2 ** 31 - 1 })
const halfValid: fc.Arbitrary<Candidate> = fc
  .tuple(draft, number, number, number)
  .map(([sound, object, field, way]) => withMistake(sound, [object, field, way]))

/** Three of ten configurations are valid. */
export const candidates: fc.Arbitrary<Candidate> = fc.oneof(
  { weight: 3, arbitrary: valid },
  { weight: 7, arbitrary: halfValid },
)

interface Change {
  readonly what: Mistake['what']
  readonly wrong: Mistake['wrong']
  readonly path: FieldPath
  /** Absent: the field goes. */
  readonly value?: Json
}

/** Odd values are many, and where Envoy and its control plane may disagree. */
const oftener = [1, 2, 3, 4]

/** Chosen by object, then field, then kind of mistake, so that rare fields and kinds come up too. */
function withMistake(
  sound: Draft,
  [chosenObject, chosenField, chosenWay]: readonly [number, number, number],
): Candidate {
  const object = chosenObject % sound.objects.length
  const original = sound.objects[object]
  if (original === undefined) return sound
  const kind = typeof original['kind'] === 'string' ? original['kind'] : ''
  const fields = places(original, []).filter(([path]) => isOpen(path))
  const [path, value] = fields[chosenField % fields.length] ?? [[], null]
  const byKind = [...Map.groupBy(changesOf(kind, path, value), ({ what }) => what)].flatMap(([what, each]) =>
    what.startsWith('odd') ? oftener.map(() => each) : [each],
  )
  const ways = byKind[chosenWay % byKind.length] ?? []
  const change = ways[Math.floor(chosenWay / byKind.length) % ways.length]
  if (change === undefined) return sound
  const { what, wrong } = change
  return {
    ...sound,
    mistake: {
      object,
      path: change.path,
      what,
      wrong,
      mistaken: changed(original, change.path, change.value) as JsonObject,
    },
  }
}

/** The identity of an object is no field of it, but its name may be odd. */
function isOpen([first, second]: FieldPath): boolean {
  if (first === 'metadata') return second === 'annotations' || second === 'labels' || second === 'name'
  return first !== undefined && first !== 'apiVersion' && first !== 'kind'
}

function places(value: Json, path: FieldPath): readonly (readonly [FieldPath, Json])[] {
  if (value === null || typeof value !== 'object') return [[path, value]]
  const below = Array.isArray(value)
    ? value.map((each: Json, index) => [index, each] as const)
    : Object.entries(value)
  return [[path, value], ...below.flatMap(([step, each]) => places(each, [...path, step]))]
}

function changesOf(kind: string, path: FieldPath, value: Json): readonly Change[] {
  const key = String(path.findLast((step) => typeof step === 'string'))
  const isElement = typeof path.at(-1) === 'number'
  const isNameOrNumber = kind === 'Service' && key === 'targetPort'
  const required = isRequired(kind, path) ? 'certainly' : 'perhaps'
  if (path[0] === 'metadata' && path[1] === 'name')
    return oddNames(false)
      .filter((name) => name !== '')
      .map((name) => ({ what: 'odd value', wrong: 'perhaps', path, value: name }))
  return [
    ...oddValues(isFreeMap(path.slice(0, -1)) ? '' : key, value, isHeaders(path)).map((each): Change => ({
      what: 'odd value',
      path,
      value: each.value,
      wrong: isNameOrNumber ? 'perhaps' : each.wrong,
    })),
    ...wrongTypes(value).map((each): Change => ({
      what: 'wrong type',
      wrong: isNameOrNumber ? 'perhaps' : 'certainly',
      path,
      value: each,
    })),
    ...(isElement
      ? [{ what: 'null element', wrong: 'certainly', path, value: null } as const]
      : [
          { what: 'removed', wrong: required, path } as const,
          { what: 'null', wrong: required, path, value: null } as const,
        ]),
    ...inList(kind, path, value),
    ...inObject(kind, path, value),
  ]
}

function wrongTypes(value: Json): readonly Json[] {
  if (Array.isArray(value)) return ['text', 7, { odd: true }]
  switch (typeof value) {
    case 'string':
      return [{ odd: 'text' }, ['text'], 7, true]
    case 'number':
      return [{ odd: 1 }, ['1'], true]
    case 'boolean':
      return [{ odd: 1 }, ['true']]
    default:
      return ['text', 7, ['text'], true]
  }
}

function inList(kind: string, path: FieldPath, value: Json): readonly Change[] {
  if (!Array.isArray(value)) return []
  return [
    { what: 'empty list', wrong: emptyListIsWrong(kind, path) ? 'certainly' : 'perhaps', path, value: [] },
    {
      what: 'repeated element',
      wrong: 'perhaps',
      path,
      value: [...(value as readonly Json[]), ...(value as readonly Json[])],
    },
  ]
}

function inObject(kind: string, path: FieldPath, value: Json): readonly Change[] {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return []
  if (isFreeMap(path)) {
    const sample = Object.values(value)[0] ?? 'a'
    return oddNames(isHeaders(path) || String(path.at(-1)).toLowerCase().endsWith('headers')).map((name) => ({
      what: 'odd name',
      wrong: 'perhaps',
      path: [...path, name],
      value: sample,
    }))
  }
  // Kubernetes has many fields that mean nothing here.
  const wrong = kind === 'Service' || kind === 'EndpointSlice' ? 'perhaps' : 'certainly'
  return ['unknownField', 'mirorPercentage', 'Hosts', '__proto__'].map((name) => ({
    what: 'unknown field',
    wrong,
    path: [...path, name],
    value: { value: 5 },
  }))
}

/** `value` with another value, or none, at `path`. */
export function changed(value: Json, path: FieldPath, to: Json | undefined): Json {
  const [step, ...rest] = path
  if (step === undefined) return to ?? null
  if (Array.isArray(value))
    return value.map((each: Json, index) => (index === step ? changed(each, rest, to) : each))
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value)
  const name = String(step)
  if (rest.length === 0 && to === undefined)
    return Object.fromEntries(entries.filter(([key]) => key !== name))
  const below = entries.find(([key]) => key === name)?.[1] ?? null
  const replaced = rest.length === 0 ? (to ?? null) : changed(below, rest, to)
  return Object.fromEntries(
    entries.some(([key]) => key === name)
      ? entries.map(([key, each]) => [key, key === name ? replaced : each])
      : [...entries, [name, replaced]],
  )
}
