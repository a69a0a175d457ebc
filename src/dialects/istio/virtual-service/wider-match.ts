import { isRecord } from '../../../manifest/message.ts'
import { meantFields } from '../../reading/meant-fields.ts'
import { httpMatch } from './match.ts'
import type { HttpMatch } from './match.ts'
import { pathMatch, valueMatch } from './string-match.ts'

const fields = Object.keys(httpMatch.out.shape)

/**
 * A match with a mistake, read in its most likely intention: it takes all the intended requests, and those
 * that differ only in the unreadable part. Undefined if it would also take requests of other rules.
 */
export function widerMatch(written: unknown): HttpMatch | undefined {
  const strict = httpMatch.safeParse(written)
  if (strict.success) return strict.data
  const meant = meantFields(
    typeof written === 'string' && written.startsWith('/') ? { uri: written } : written,
    fields,
  )
  if (meant === undefined) return undefined
  const texts = Object.fromEntries(
    (['uri', 'scheme', 'method', 'authority'] as const).flatMap((field) =>
      meant[field] === undefined ? [] : [[field, widerText(meant[field]) ?? meant[field]] as const],
    ),
  )
  const named = Object.fromEntries(
    (['headers', 'queryParams'] as const).flatMap((field) =>
      meant[field] === undefined ? [] : [[field, widerNamed(meant[field])] as const],
    ),
  )
  return httpMatch.safeParse({ ...meant, ...texts, ...named }).data
}

/** A text in place of an object is a prefix, which includes the requests of an exact match. */
function widerText(written: unknown): unknown {
  if (typeof written === 'string') return written === '' ? undefined : { prefix: written }
  if (pathMatch.safeParse(written).success) return written
  return meantFields(written, ['exact', 'prefix', 'regex'])
}

/** A header or query parameter whose value cannot be read only has to be present. */
function widerNamed(written: unknown): unknown {
  if (!isRecord(written)) return written
  return Object.fromEntries(
    Object.entries(written).map(([name, value]) => [
      name,
      value === null || valueMatch.safeParse(value).success ? value : {},
    ]),
  )
}
