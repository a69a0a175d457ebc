import { didYouMean } from '../../diagnostics/did-you-mean.ts'
import { camelCase } from '../../manifest/field-name.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import { isJsonObject, isRecord } from '../../manifest/message.ts'

/**
 * The fields of a message with a mistake, by their most likely names; undefined if a field has no such name,
 * or the value is not a message.
 */
export function meantFields(
  value: unknown,
  known: readonly string[],
): Readonly<Record<string, unknown>> | undefined {
  if (!isRecord(value)) return undefined
  const entries = Object.entries(value)
    .filter(([, each]) => each !== null)
    .map(([key, each]) => [meantName(key, known), each] as const)
  const fields = Object.fromEntries(
    entries.flatMap(([name, each]) => (name === undefined ? [] : [[name, each] as const])),
  )
  return Object.keys(fields).length === entries.length ? fields : undefined
}

interface MeantOptions {
  /** Fields that the message has. */
  readonly known: readonly string[]
  /** The fields that are lists: a single value is a list of one element. */
  readonly lists: readonly string[]
}

/**
 * An object whose `spec` cannot be read as a whole, with the fields that are known or most likely intended.
 * Undefined if there is no spec at all.
 */
export function withMeantSpec(manifest: Manifest, options: MeantOptions): Manifest | undefined {
  const { spec } = manifest.object
  return isJsonObject(spec)
    ? { ...manifest, object: { ...manifest.object, spec: keptFields(spec, options) } }
    : undefined
}

/**
 * The known or most likely intended fields of a message with a mistake, by their right names. The others are
 * left out.
 */
export function keptFields<V>(
  message: Readonly<Record<string, V>>,
  { known, lists }: MeantOptions,
): Readonly<Record<string, V | readonly V[]>> {
  const named = Object.entries(message).flatMap(
    ([key, value]): readonly (readonly [string, V | readonly V[]])[] => {
      const name = value === null ? undefined : meantName(key, known)
      return name === undefined
        ? []
        : [[name, lists.includes(name) && !Array.isArray(value) ? [value] : value]]
    },
  )
  return Object.fromEntries(named.toReversed())
}

function meantName(key: string, known: readonly string[]): string | undefined {
  const name = known.includes(key) ? key : camelCase(key)
  return known.includes(name) ? name : didYouMean(name, known)
}

/** The dialects' names for the matches of a rule. */
const namesOfMatches: readonly string[] = ['match', 'matches', 'matcher', 'matchers']

/**
 * The matches of a rule with a mistake, in their written form; empty for a rule that takes every request.
 * Undefined if they cannot be found. `known` are the fields of a rule, including the one for its matches.
 */
export function writtenMatches(rule: unknown, known: readonly string[]): readonly unknown[] | undefined {
  if (!isRecord(rule)) return undefined
  const field = known.find((name) => namesOfMatches.includes(name))
  const [found, ...more] = Object.entries(rule).filter(
    ([key, value]) =>
      value !== null &&
      (namesOfMatches.includes(camelCase(key)) ||
        (!known.includes(camelCase(key)) && didYouMean(key, known) === field)),
  )
  if (more.length > 0) return undefined
  const [, value] = found ?? []
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}
