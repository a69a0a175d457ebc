import { isDeepStrictEqual } from 'node:util'
import { didYouMean } from '../../diagnostics/did-you-mean.ts'
import type { ObjectLookup } from '../dialect.ts'
import type { Report } from '../reading/report.ts'
import { indexKey } from './index-key.ts'
import { isShadow, mappingsIn, nameOfMapping } from './mapping.ts'
import type { Mapping } from './mapping.ts'

/** Says of a shadow that its group has no Mapping that answers, and which one was probably meant. */
export function noteLonely(
  mapping: Mapping,
  report: Report,
  { lookup, id }: { readonly lookup: ObjectLookup; readonly id: string },
): void {
  const primaries = mappingsIn(lookup.indexed(indexKey.mappings(id))).filter((each) => !isShadow(each))
  report.note('mirror/attached-to-nothing', ['spec', 'shadow'], {
    message:
      `no Mapping without shadow has its prefix ${mapping.spec.prefix}${describe(mapping)}, so ` +
      `nothing is mirrored`,
    hint:
      nearest(mapping, primaries) ??
      'write a Mapping with the same prefix, hostname, method, headers, query_parameters and precedence',
  })
}

function describe({ spec }: Mapping): string {
  return spec.hostname === undefined ? '' : ` and hostname ${spec.hostname}`
}

const parts: Readonly<Record<string, (mapping: Mapping) => unknown>> = {
  prefix: ({ spec }) => spec.prefix,
  hostname: ({ conditions }) => conditions.host ?? conditions.hostRegex,
  method: ({ spec }) => spec.method,
  headers: ({ conditions }) => conditions.headers.filter(({ name }) => !name.startsWith(':')),
  query_parameters: ({ conditions }) => conditions.queryParameters,
  precedence: ({ spec }) => spec.precedence ?? 0,
}

/** The Mapping of which only one part of the key differs; the prefix then only a little. */
function nearest(mapping: Mapping, primaries: readonly Mapping[]): string | undefined {
  const candidates = primaries.flatMap((primary) => {
    const differing = Object.entries(parts).filter(
      ([, read]) => !isDeepStrictEqual(read(primary), read(mapping)),
    )
    const [only, ...more] = differing
    return only === undefined || more.length > 0 ? [] : [{ primary, field: only[0], read: only[1] }]
  })
  const prefixes = candidates
    .filter(({ field }) => field === 'prefix')
    .map(({ primary }) => primary.spec.prefix)
  const meant = didYouMean(mapping.spec.prefix, prefixes)
  const found =
    candidates.find(({ field }) => field !== 'prefix') ??
    candidates.find(({ primary }) => primary.spec.prefix === meant)
  if (found === undefined) return undefined
  return (
    `Mapping ${nameOfMapping(found.primary)} differs in ${found.field} only: ` +
    `${shown(found.read(found.primary))} there, ${shown(found.read(mapping))} here`
  )
}

function shown(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value)
}
