import type { z } from 'zod'
import { codes } from '../diagnostics/codes.ts'
import type { Code } from '../diagnostics/codes.ts'
import type { FieldPath } from '../diagnostics/diagnostic.ts'
import { didYouMean } from '../diagnostics/did-you-mean.ts'
import { camelCase } from './field-name.ts'
import { isRecord } from './message.ts'

/** One mistake that a schema found, in our words. */
export interface Finding {
  /** Path from the decoded value, in the schema's spelling. */
  readonly path: FieldPath
  readonly code: Code
  /** The mistake, in words that follow the field's path. */
  readonly says: string
  readonly hint: string | undefined
  /** For an unknown field: the known field beside it that it most likely is. */
  readonly meant?: string | undefined
  /** 'key': the mistake is in the name of the field, not in its value. */
  readonly part?: 'key'
}

/** The input of a schema, and the fields that it knows. */
export interface Decoding {
  readonly schema: z.core.$ZodType
  readonly value: unknown
}

/**
 * Turns an issue of zod into findings. A union's issue becomes the findings of the branch that the user most
 * likely chose.
 */
export function findings(issue: z.core.$ZodIssue, decoding: Decoding): readonly Finding[] {
  const path = issue.path.filter((step) => typeof step !== 'symbol')
  const value = valueAt(decoding.value, path)
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownField([...path, key], decoding.schema))
    case 'invalid_union':
      return unionFindings(issue, path, decoding)
    case 'invalid_type':
      return [wrongType(path, value, [issue.expected])]
    case 'invalid_value':
      return [value === undefined ? required(path) : notAllowed(path, value, issue.values.map(String))]
    case 'invalid_key':
      return issue.issues.map((each) => ({
        ...invalid(path, path.at(-1), each.message),
        part: 'key' as const,
      }))
    case 'custom':
      return [custom(path, value, issue)]
    case 'too_small':
      return [
        invalid(
          path,
          value,
          `must be ${issue.inclusive === false ? 'more than' : 'at least'} ` +
            amount(issue.minimum, issue.origin),
        ),
      ]
    case 'too_big':
      return [
        invalid(
          path,
          value,
          `must be ${issue.inclusive === false ? 'less than' : 'at most'} ` +
            amount(issue.maximum, issue.origin),
        ),
      ]
    default:
      return [invalid(path, value, issue.message)]
  }
}

/** The value at a path in the schema's spelling, whatever spelling the keys of `value` have. */
export function valueAt(value: unknown, path: FieldPath): unknown {
  return path.reduce<unknown>((at, step) => {
    if (Array.isArray(at)) return at[Number(step)]
    return isRecord(at) ? at[spelling(at, step)] : undefined
  }, value)
}

/** `path` with the keys as the user spelled them. */
export function spelledPath(value: unknown, path: FieldPath): FieldPath {
  let at = value
  return path.map((step) => {
    const spelled = isRecord(at) ? spelling(at, step) : step
    at = valueAt(at, [step])
    return spelled
  })
}

function spelling(record: Readonly<Record<string, unknown>>, step: string | number): string {
  const name = String(step)
  return Object.hasOwn(record, name)
    ? name
    : (Object.keys(record).find((key) => camelCase(key) === name) ?? name)
}

function unknownField(path: FieldPath, schema: z.core.$ZodType): Finding {
  const above = path.slice(0, -1)
  const key = String(path.at(-1))
  const known = fieldsAt(schema, above)
  const below = known.find((field) => fieldsInside(schema, [...above, field]).includes(camelCase(key)))
  const parent = above.findLastIndex((step) => typeof step === 'string')
  const owner = parent === -1 ? [] : above.slice(0, parent)
  const meant = didYouMean(key, known)
  const hint =
    below !== undefined
      ? `${key} belongs in ${below}`
      : parent !== -1 && fieldsAt(schema, owner).includes(camelCase(key))
        ? `${key} belongs one level up, beside ${String(above[parent])}`
        : meant !== undefined
          ? `did you mean \`${meant}\`?`
          : known.length > 0 && known.length <= 12
            ? `the fields here are ${known.join(', ')}`
            : undefined
  return {
    path,
    code: 'field/unknown',
    says: 'is not a known field',
    hint,
    meant: below === undefined ? meant : below,
    part: 'key',
  }
}

/** Fields of the message at `path`, or of the elements of the list there. */
function fieldsInside(schema: z.core.$ZodType, path: FieldPath): readonly string[] {
  const own = fieldsAt(schema, path)
  return own.length > 0 ? own : fieldsAt(schema, [...path, 0])
}

function unionFindings(
  issue: z.core.$ZodIssueInvalidUnion,
  path: FieldPath,
  decoding: Decoding,
): readonly Finding[] {
  const value = valueAt(decoding.value, path)
  if (value === undefined) return [required(path)]
  const branches = issue.errors
  if (branches.length === 0)
    return [
      notAllowed(
        path,
        value,
        'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : [],
      ),
    ]
  const fitting = branches.filter(
    (branch) =>
      !branch.some(
        (each) => each.path.length === 0 && (each.code === 'invalid_type' || each.code === 'invalid_value'),
      ),
  )
  const [closest] = (fitting.length > 0 ? fitting : []).toSorted((a, b) => a.length - b.length)
  if (closest !== undefined)
    return closest.flatMap((each) => findings({ ...each, path: [...issue.path, ...each.path] }, decoding))
  const roots = branches.flatMap((branch) => branch.filter((each) => each.path.length === 0))
  const allowed = roots.flatMap((each) => (each.code === 'invalid_value' ? each.values.map(String) : []))
  const types = roots.flatMap((each) => (each.code === 'invalid_type' ? [each.expected] : []))
  return [
    allowed.length > 0 && typeof value === 'string'
      ? notAllowed(path, value, allowed)
      : wrongType(path, value, types),
  ]
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
}

function wrongType(path: FieldPath, value: unknown, expected: readonly string[]): Finding {
  if (value === undefined) return required(path)
  const wanted = [...new Set(expected.map((type) => typeNames[type] ?? type))].join(' or ')
  return {
    path,
    code: 'field/wrong-type',
    says: `is ${typed(value)}, must be ${wanted}`,
    hint: quotesHint(value, expected),
  }
}

function quotesHint(value: unknown, expected: readonly string[]): string | undefined {
  if (expected.includes('string') && (typeof value === 'number' || typeof value === 'boolean'))
    return `write "${value}" in quotes`
  if (typeof value !== 'string' || value.trim() === '') return undefined
  const bare =
    ((expected.includes('number') || expected.includes('int')) && Number.isFinite(Number(value))) ||
    (expected.includes('boolean') && (value === 'true' || value === 'false'))
  return bare ? `write ${value} without quotes` : undefined
}

function required(path: FieldPath): Finding {
  return { path, code: 'field/required', says: 'is required', hint: undefined }
}

function notAllowed(path: FieldPath, value: unknown, allowed: readonly string[]): Finding {
  const meant = typeof value === 'string' ? didYouMean(value, allowed) : undefined
  const finding = invalid(
    path,
    value,
    allowed.length === 1 ? `must be ${allowed.join('')}` : `must be one of ${allowed.join(', ')}`,
  )
  return meant === undefined ? finding : { ...finding, hint: `did you mean \`${meant}\`?` }
}

function invalid(path: FieldPath, value: unknown, must: string): Finding {
  return {
    path,
    code: 'field/invalid-value',
    says: must.startsWith('must ') ? `is ${shown(value)}, ${must}` : must,
    hint: undefined,
  }
}

/** Issues that a schema's own refinement added; `params` may carry our code and a hint. */
function custom(path: FieldPath, value: unknown, issue: z.core.$ZodIssueCustom): Finding {
  const code: unknown = issue.params?.['code']
  const hint: unknown = issue.params?.['hint']
  return {
    ...invalid(path, value, issue.message),
    ...(isCode(code) ? { code } : {}),
    hint: typeof hint === 'string' ? hint : undefined,
  }
}

function isCode(value: unknown): value is Code {
  return typeof value === 'string' && Object.hasOwn(codes, value)
}

function amount(bound: number | bigint, origin: string): string {
  const unit = origin === 'string' ? ' characters long' : origin === 'array' ? ' elements long' : ''
  return `${bound}${unit}`
}

function typed(value: unknown): string {
  if (
    typeof value === 'string' ||
    typeof value === 'boolean' ||
    (typeof value === 'number' && Number.isFinite(value))
  )
    return `the ${typeof value} ${shown(value)}`
  return shown(value)
}

function shown(value: unknown): string {
  if (value === undefined) return 'absent'
  if (Array.isArray(value)) return 'a list'
  if (isRecord(value)) return 'an object'
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'string') return JSON.stringify(value)
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value)
}

/**
 * The names of the fields that `schema` has at `path`, in order; empty if it is not a message. A union has
 * the fields of all its branches.
 */
function fieldsAt(schema: z.core.$ZodType, path: FieldPath): readonly string[] {
  const reached = path.reduce<readonly z.core.$ZodType[]>(
    (schemas, step) => schemas.flatMap((each) => stepInto(each, step)),
    [schema],
  )
  return [...new Set(reached.flatMap((each) => shapes(each)).flatMap((shape) => Object.keys(shape)))]
}

function stepInto(schema: z.core.$ZodType, step: string | number): readonly z.core.$ZodType[] {
  return structures(schema).flatMap((each) => {
    if (each._zod.def.type === 'array') return [each._zod.def.element]
    if (each._zod.def.type === 'record') return [each._zod.def.valueType]
    if (each._zod.def.type !== 'object') return []
    const field = each._zod.def.shape[camelCase(String(step))]
    return field === undefined ? [] : [field]
  })
}

function shapes(schema: z.core.$ZodType): readonly Readonly<Record<string, z.core.$ZodType>>[] {
  return structures(schema).flatMap((each) => (each._zod.def.type === 'object' ? [each._zod.def.shape] : []))
}

/** The schemas behind wrappers (optional, preprocess, transform, lazy, …) and in the branches of unions. */
function structures(schema: z.core.$ZodType): readonly z.core.$ZodTypes[] {
  const known = schema as z.core.$ZodTypes
  const { def } = known._zod
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'nonoptional':
    case 'readonly':
    case 'catch':
      return structures(def.innerType)
    case 'pipe':
      return [...structures(def.in), ...structures(def.out)]
    case 'lazy':
      return structures(def.getter())
    case 'union':
      return def.options.flatMap(structures)
    case 'intersection':
      return [...structures(def.left), ...structures(def.right)]
    default:
      return [known]
  }
}
