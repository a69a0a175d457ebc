import type { ConnectionManager } from './configuration.ts'

type PathOptions = Pick<ConnectionManager, 'normalize_path' | 'merge_slashes'>

/**
 * The path after the connection manager's normalization, which comes before routing; undefined if it answers
 * 400. The query is unchanged.
 */
export function normalizedPath(
  path: string,
  { normalize_path: normalize, merge_slashes: merge }: PathOptions,
): string | undefined {
  // HTTP/1 has no place for these, and Envoy takes no fragment
  // (envoy.reloadable_features.http_reject_path_with_fragment).
  if (!/^\/[\x21-\x7e]*$/.test(path) || path.includes('#')) return undefined
  const query = path.indexOf('?')
  const [before, after] = query < 0 ? [path, ''] : [path.slice(0, query), path.slice(query)]
  if (normalize === true && /%00/.test(before)) return undefined
  const normal = normalize === true ? canonical(before) : before
  return `${merge === true ? normal.replaceAll(/\/{2,}/g, '/') : normal}${after}`
}

/**
 * RFC 3986 as Envoy's URL library has it: dot segments go, `\` separates too, unreserved characters are not
 * escaped, unusual ones are.
 */
function canonical(path: string): string {
  const kept: string[] = []
  const segments = withoutDotParameters(path).split(/[/\\]/).slice(1)
  segments.forEach((segment, index) => {
    const dots = segment.replaceAll(/%2e/gi, '.')
    const last = index === segments.length - 1
    if (dots === '..') kept.pop()
    if (dots === '.' || dots === '..') {
      if (last) kept.push('')
      return
    }
    kept.push(escaped(unescaped(segment)))
  })
  return `/${kept.join('/')}`
}

/** `..;x` counts as `..` (envoy.reloadable_features.strip_dotdot_segments_with_parameters). */
function withoutDotParameters(path: string): string {
  return path.replaceAll(/\/(\.\.?);[^/]*/g, '/$1')
}

function unescaped(segment: string): string {
  return segment.replaceAll(/%([0-9a-f]{2})/gi, (whole, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16))
    return /[\w.~-]/.test(character) ? character : whole
  })
}

function escaped(segment: string): string {
  return segment.replaceAll(
    /["<>^`{|}]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
