import type { StringMatcher } from './configuration.ts'
import { matchesRegex } from './regular-expression.ts'

/**
 * envoy.type.matcher.v3.StringMatcher. `ignore_case` folds ASCII letters, and not those of a regular
 * expression.
 */
export function matchesString(matcher: StringMatcher, value: string): boolean {
  const { exact, prefix, suffix, contains, safe_regex: regex } = matcher
  const fold = matcher.ignore_case === true ? asciiLowerCase : (text: string): string => text
  if (prefix !== undefined) return fold(value).startsWith(fold(prefix))
  if (suffix !== undefined) return fold(value).endsWith(fold(suffix))
  if (contains !== undefined) return fold(value).includes(fold(contains))
  if (regex !== undefined) return matchesRegex(regex, value) === true
  // Protobuf JSON leaves out an empty string.
  return fold(value) === fold(exact ?? '')
}

/** What a value must be, in words: `"jason"`, `begin with "j"`. */
export function describeString({
  exact,
  prefix,
  suffix,
  contains,
  safe_regex: regex,
  ignore_case: ignoresCase,
}: StringMatcher): string {
  const anyCase = ignoresCase === true ? ', in any case' : ''
  if (prefix !== undefined) return `begin with ${JSON.stringify(prefix)}${anyCase}`
  if (suffix !== undefined) return `end with ${JSON.stringify(suffix)}${anyCase}`
  if (contains !== undefined) return `contain ${JSON.stringify(contains)}${anyCase}`
  if (regex !== undefined) return `match ${regex.regex ?? ''}`
  return `be ${JSON.stringify(exact ?? '')}${anyCase}`
}

/** ASCII letters alone, as Envoy compares without case. */
export function asciiLowerCase(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
}
