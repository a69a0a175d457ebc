import { RE2JS } from 're2js'
import type { Message } from '../xds/proto.ts'

type RegexMatcher = Message<'envoy.type.matcher.v3.RegexMatcher'>

const compiled = new WeakMap<RegexMatcher, RE2JS | undefined>()

/**
 * Whether the whole text matches, as in RE2::FullMatch. Undefined for text that is not a regular expression
 * in RE2's syntax.
 */
export function matchesRegex(matcher: RegexMatcher, text: string): boolean | undefined {
  return compile(matcher)?.matches(text)
}

/**
 * All matches replaced, as in RE2::GlobalReplace: `\1` in the substitution is a group, and an empty match
 * right behind a match is skipped.
 */
export function replaceRegex(matcher: RegexMatcher, text: string, substitution: string): string {
  const found = compile(matcher)?.matcher(text)
  if (found === undefined) return text
  let [result, end, replaced] = ['', 0, false]
  while (found.find()) {
    if (replaced && found.start() === end && found.end() === end) continue
    const groups = Array.from({ length: found.groupCount() + 1 }, (_, index) => found.group(index) ?? '')
    result +=
      text.slice(end, found.start()) +
      substitution.replaceAll(/\\(\d|\\)/g, (_, digit: string) =>
        digit === '\\' ? '\\' : (groups[Number(digit)] ?? ''),
      )
    end = found.end()
    replaced = true
  }
  return result + text.slice(end)
}

function compile(matcher: RegexMatcher): RE2JS | undefined {
  if (!compiled.has(matcher)) compiled.set(matcher, tryCompile(matcher.regex ?? ''))
  return compiled.get(matcher)
}

function tryCompile(pattern: string): RE2JS | undefined {
  try {
    return RE2JS.compile(pattern)
  } catch {
    return undefined
  }
}
