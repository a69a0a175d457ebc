import type { JsonObject } from '../../manifest/manifest.ts'
import type { HeaderChanges, HeaderOperations } from '../../model/route.ts'
import { present } from '../rendered.ts'

/** Istio's Headers; undefined if nothing changes. `authority` is the request's new Host. */
export function writtenHeaders(
  { request, response }: HeaderChanges,
  authority?: string,
): JsonObject | undefined {
  const set = authority === undefined ? request.set : { ...request.set, Host: authority }
  const written = present({ request: operations({ ...request, set }), response: operations(response) })
  return Object.keys(written).length === 0 ? undefined : written
}

function operations({ set, add, remove }: HeaderOperations): JsonObject | undefined {
  const written = present({
    set: Object.keys(set).length === 0 ? undefined : set,
    add: Object.keys(add).length === 0 ? undefined : add,
    remove: remove.length === 0 ? undefined : remove,
  })
  return Object.keys(written).length === 0 ? undefined : written
}
