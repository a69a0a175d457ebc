import type { Json, JsonObject } from '../../manifest/manifest.ts'
import { isJsonObject } from '../../manifest/message.ts'
import { prefixOf } from '../../dialects/gateway-api/route/match/http-path.ts'
import type { PathMatch } from '../../dialects/gateway-api/route/match/http-path.ts'

/**
 * The fields of a rule with a replaced prefix, for a narrower path than its own: the prefix and its
 * replacement grow by the same part. Undefined if the narrower path is a regular expression, which has no
 * prefix to replace.
 */
export function narrowed(
  fields: JsonObject,
  own: PathMatch | undefined,
  narrower: PathMatch | undefined,
): JsonObject | undefined {
  const prefix = prefixOf(own)
  if (prefix === undefined || narrower === undefined || narrower.type === 'RegularExpression')
    return undefined
  const rest = (prefixOf(narrower) ?? narrower.value).slice(prefix.length)
  const kind = narrower.type === 'Exact' ? 'whole' : 'prefix'
  const { filters } = fields
  if (!Array.isArray(filters)) return fields
  return { ...fields, filters: filters.map((filter: Json) => withLongerPath(filter, rest, kind)) }
}

function withLongerPath(filter: Json, rest: string, kind: 'whole' | 'prefix'): Json {
  if (!isJsonObject(filter)) return filter
  return Object.fromEntries(
    Object.entries(filter).map(([field, value]) => {
      const path = isJsonObject(value) ? value['path'] : undefined
      if (!isJsonObject(value) || !isJsonObject(path) || typeof path['replacePrefixMatch'] !== 'string')
        return [field, value]
      const replacement = `${path['replacePrefixMatch'].replace(/\/$/, '')}${rest}` || '/'
      return [
        field,
        {
          ...value,
          path:
            kind === 'whole'
              ? { type: 'ReplaceFullPath', replaceFullPath: replacement }
              : { type: 'ReplacePrefixMatch', replacePrefixMatch: replacement },
        },
      ]
    }),
  )
}
