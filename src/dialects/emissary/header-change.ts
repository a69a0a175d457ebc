import type { HeaderChanges, HeaderOperations } from '../../model/route.ts'
import type { Mapping } from './mapping.ts'
import type { MappingSpec } from './mapping-spec.ts'

/**
 * Header operations of a group: what its Mappings add counts together, of what they remove the last Mapping's
 * list (`IRHTTPMappingGroup.finalize`).
 */
export function headerChanges(primaries: readonly Mapping[]): HeaderChanges {
  const specs = primaries.map(({ spec }) => spec)
  return {
    request: operations(
      specs.map((each) => each.add_request_headers),
      specs.findLast((each) => each.remove_request_headers !== undefined)?.remove_request_headers,
    ),
    response: operations(
      specs.map((each) => each.add_response_headers),
      specs.findLast((each) => each.remove_response_headers !== undefined)?.remove_response_headers,
    ),
  }
}

function operations(
  added: readonly MappingSpec['add_request_headers'][],
  removed: MappingSpec['remove_request_headers'],
): HeaderOperations {
  const values = Object.entries(Object.fromEntries(added.flatMap((each) => Object.entries(each ?? {})))).map(
    ([name, value]) =>
      typeof value === 'string'
        ? { name, value, append: true }
        : { name, value: value.value ?? '', append: value.append ?? true },
  )
  const those = (append: boolean): Readonly<Record<string, string>> =>
    Object.fromEntries(
      values.filter((each) => each.append === append).map(({ name, value }) => [name, value]),
    )
  return {
    set: those(false),
    add: those(true),
    remove: removed === undefined ? [] : typeof removed === 'string' ? [removed] : removed,
  }
}
