import type { FieldPath } from '../diagnostics/diagnostic.ts'
import { losesDigits } from './exact-number.ts'
import type { Json } from './manifest.ts'
import type { NodeValue } from './node-value.ts'

/** JSON text as a value, with the text of the numbers that a double cannot hold. Throws SyntaxError. */
export function parseJson(text: string): NodeValue {
  if (!mayLoseDigits.test(text)) return { value: JSON.parse(text) as Json, exactNumbers: [] }
  const exactNumbers: { path: FieldPath; text: string }[] = []
  const value = settle(JSON.parse(text, markLost), [], exactNumbers)
  return { value, exactNumbers }
}

/**
 * A number of 16 digits, or with an exponent of three: what a double holds exactly has fewer. Text in strings
 * may look alike, which only costs time; a uid does not.
 */
const mayLoseDigits = /(?:^|[:,[])\s*-?(?:\d[\d.]{15}|\d[\d.]*[eE][+-]?\d{3})/

/** Takes the place of a number while its path is unknown, because a reviver starts at the leaves. */
class Lost {
  readonly text: string
  readonly value: number
  constructor(text: string, value: number) {
    this.text = text
    this.value = value
  }
}

function markLost(_: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source
  return typeof value === 'number' && source !== undefined && losesDigits(source, value)
    ? new Lost(source, value)
    : value
}

function settle(value: unknown, path: FieldPath, found: { path: FieldPath; text: string }[]): Json {
  if (value instanceof Lost) {
    found.push({ path, text: value.text })
    return value.value
  }
  if (Array.isArray(value)) return value.map((each, index) => settle(each, [...path, index], found))
  if (typeof value !== 'object' || value === null) return value as Json
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, settle(each, [...path, key], found)]),
  )
}
