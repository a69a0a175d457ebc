import type { Json, JsonObject } from '../manifest/manifest.ts'
import { isRecord } from '../manifest/message.ts'
import { ApiFailure } from './failure.ts'

/** A list of the API, or a page of one. */
export interface ListPage {
  readonly items: readonly JsonObject[]
  readonly version: string
  /** `continue` of the next page. */
  readonly more: string | undefined
}

/** Throws ApiFailure if the value is not a list. */
export function listPage(value: Json): ListPage {
  const { metadata, items } = isRecord(value) ? value : {}
  const { resourceVersion, continue: more } = isRecord(metadata) ? metadata : {}
  if (typeof resourceVersion !== 'string' || !Array.isArray(items))
    throw new ApiFailure('the answer is not a list')
  return {
    items: items as readonly JsonObject[],
    version: resourceVersion,
    more: typeof more === 'string' && more !== '' ? more : undefined,
  }
}
