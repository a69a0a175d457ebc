import type { FieldPath } from '../diagnostics/diagnostic.ts'
import type { Finding } from './issue.ts'
import { isRecord } from './message.ts'

/**
 * Half of a surrogate pair, as `"\ud800"` is in YAML and JSON: no Unicode text, so no protobuf message can
 * hold it.
 */
const loneSurrogate = /\p{Surrogate}/u

/** The texts in a value, and names of its fields, that are no Unicode. */
export function illFormedTexts(value: unknown, path: FieldPath = []): readonly Finding[] {
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
      says: `has ${found}, half of a surrogate pair, which is no character`,
      hint: 'write the character itself',
    },
  ]
}
