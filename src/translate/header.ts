import { compareText } from '../model/names.ts'
import type { HeaderChanges, HeaderOperations } from '../model/route.ts'
import type { Message } from '../xds/proto.ts'

type HeaderFields = Pick<
  Message<'envoy.config.route.v3.Route'>,
  | 'request_headers_to_add'
  | 'request_headers_to_remove'
  | 'response_headers_to_add'
  | 'response_headers_to_remove'
>

/**
 * The four header fields that a Route and a ClusterWeight have alike; of several changes the earlier come
 * first.
 */
export function headerFields(changes: readonly HeaderChanges[]): HeaderFields {
  const request = changes.map((each) => each.request)
  const response = changes.map((each) => each.response)
  return {
    ...nonEmpty('request_headers_to_add', request.flatMap(headersToAdd)),
    ...nonEmpty(
      'request_headers_to_remove',
      request.flatMap((each) => each.remove),
    ),
    ...nonEmpty('response_headers_to_add', response.flatMap(headersToAdd)),
    ...nonEmpty(
      'response_headers_to_remove',
      response.flatMap((each) => each.remove),
    ),
  }
}

function headersToAdd({
  set,
  add,
}: HeaderOperations): readonly Message<'envoy.config.core.v3.HeaderValueOption'>[] {
  return [
    ...sorted(set).map(([key, value]) => ({
      header: { key, value },
      append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' as const,
    })),
    ...sorted(add).map(([key, value]) => ({ header: { key, value } })),
  ]
}

function sorted(headers: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(headers).toSorted(([a], [b]) => compareText(a, b))
}

function nonEmpty<Name extends string, Value>(
  name: Name,
  values: readonly Value[],
): { readonly [K in Name]?: readonly Value[] } {
  return values.length === 0 ? {} : ({ [name]: values } as { readonly [K in Name]: readonly Value[] })
}
