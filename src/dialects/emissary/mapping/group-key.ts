import type { Condition } from './condition.ts'
import type { Mapping } from './mapping.ts'

/**
 * The common properties of Mappings of one group, except the labels by which Hosts select them
 * (`IRHTTPMapping._group_id`). Whether a value is a regular expression does not separate groups: it must
 * agree within one.
 */
export function groupKey({ spec, conditions }: Mapping): string {
  const named = ({ name, value }: Condition): readonly unknown[] => [name.toLowerCase(), value]
  return JSON.stringify([
    spec.method ?? 'GET',
    spec.prefix,
    conditions.headers.map(named),
    conditions.queryParameters.map(named),
    spec.precedence ?? 0,
  ])
}

/**
 * Rank of a group among the routes of a virtual host, ascending by code unit: Emissary asks the group with
 * the greatest `_route_weight` first, which is compared as a list of numbers and texts.
 */
export function precedenceOf({ spec, conditions: { headers, queryParameters } }: Mapping): string {
  const numbers = [
    spec.precedence ?? 0,
    lengthOf(spec.prefix),
    totalLength(headers),
    totalLength(queryParameters),
  ]
  const texts = [spec.prefix, spec.method ?? 'GET', ...[...headers, ...queryParameters].map(keyOf)]
  return [...numbers.map(descendingNumber), ...texts.map(descendingText), 'z'].join(' ')
}

function keyOf({ name, value }: Condition): string {
  return `${name}-${shownValue(value)}`
}

function totalLength(conditions: readonly Condition[]): number {
  return conditions.reduce(
    (sum, { name, value, regex }) => sum + lengthOf(name) + lengthOf(shownValue(value)) + (regex ? 1 : 0),
    0,
  )
}

function shownValue(value: string | undefined): string {
  return value === undefined || value === '' ? '*' : value
}

/** The length in code points, as in Python. */
function lengthOf(text: string): number {
  return Array.from(text).length
}

/** Greater than any number of 32 bits, and than any length. */
const beyond = 5_000_000_000

function descendingNumber(value: number): string {
  return String(beyond - value).padStart(10, '0')
}

/** Complements of the bytes in UTF-8, whose order is that of code points; the end comes after every byte. */
function descendingText(text: string): string {
  return `${[...Buffer.from(text)].map((byte) => (255 - byte).toString(16).padStart(2, '0')).join('')}g`
}
