import { isRecord } from '../../../manifest/message.ts'
import { meantFields } from '../../reading/meant-fields.ts'
import { httpMatch } from './match.ts'
import type { HttpMatch } from './match.ts'
import { pathMatch, valueMatch } from './string-match.ts'

const fields = Object.keys(httpMatch.out.shape)

/**
 * A match with a mistake, read as it was most likely meant: it takes all the requests that it was to take,
 * and those that differ only where it cannot be read. Undefined if that would be requests of other rules,
 * too.
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

/** A text where an object should be is a prefix, which takes what an exact one takes. */
function widerText(written: unknown): unknown {
  if (typeof written === 'string') return written === '' ? undefined : { prefix: written }
  if (pathMatch.safeParse(written).success) return written
  return meantFields(written, ['exact', 'prefix', 'regex'])
}

/** A header or query parameter whose value cannot be read only has to be there. */
function widerNamed(written: unknown): unknown {
  if (!isRecord(written)) return written
  return Object.fromEntries(
    Object.entries(written).map(([name, value]) => [
      name,
      value === null || valueMatch.safeParse(value).success ? value : {},
    ]),
  )
}
