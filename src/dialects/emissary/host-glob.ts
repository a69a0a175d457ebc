/**
 * Whether some host name matches both: names, optionally with `*` at one end, which matches at least one
 * character (Emissary's `hostglob_matches`).
 */
export function globsMeet(a: string, b: string): boolean {
  if (a === b || a === '*' || b === '*') return true
  const [first, second] = [ends(a), ends(b)]
  if (isBothEnded(a) || isBothEnded(b)) return false
  if (first.open === 'none' && second.open === 'none') return false
  if (first.open !== 'none' && second.open !== 'none' && first.open !== second.open) return true
  const open = first.open === 'none' ? second.open : first.open
  const fits = (whole: string, part: string): boolean =>
    open === 'start' ? whole.endsWith(part) : whole.startsWith(part)
  if (first.open === second.open) return fits(first.fixed, second.fixed) || fits(second.fixed, first.fixed)
  const [glob, name] = first.open === 'none' ? [second, first] : [first, second]
  return name.fixed.length > glob.fixed.length && fits(name.fixed, glob.fixed)
}

function isBothEnded(glob: string): boolean {
  return glob.length > 1 && glob.startsWith('*') && glob.endsWith('*')
}

interface Ends {
  readonly open: 'start' | 'end' | 'none'
  readonly fixed: string
}

function ends(glob: string): Ends {
  if (glob.startsWith('*')) return { open: 'start', fixed: glob.slice(1) }
  return glob.endsWith('*') ? { open: 'end', fixed: glob.slice(0, -1) } : { open: 'none', fixed: glob }
}

/** Whether every host name that fits `narrow` fits `wide`. */
export function globCovers(wide: string, narrow: string): boolean {
  if (wide === '*' || wide === narrow) return true
  const { open, fixed } = ends(wide)
  if (open === 'start') return narrow.length > fixed.length && narrow.endsWith(fixed)
  return open === 'end' && narrow.length > fixed.length && narrow.startsWith(fixed) && !narrow.startsWith('*')
}

/** The glob as a regular expression for `:authority`, whose port is ignored. */
export function authorityPattern(glob: string): string {
  const { open, fixed } = ends(glob)
  const text = fixed.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  return `(?i)${open === 'start' ? '.+' : ''}${text}${open === 'end' ? '.+' : ''}(:[0-9]+)?`
}
