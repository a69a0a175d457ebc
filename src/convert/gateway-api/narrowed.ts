import type { Json, JsonObject } from '../../manifest/manifest.ts'
import { isJsonObject } from '../../manifest/message.ts'
import { prefixOf } from '../../dialects/gateway-api/route/match/http-path.ts'
import type { PathMatch } from '../../dialects/gateway-api/route/match/http-path.ts'

/**
 * The fields of a rule whose prefix is replaced, for a narrower path than its own: as much more is replaced,
 * by as much more. Undefined where the narrower path is a regular expression, of which no prefix can be
 * replaced.
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
