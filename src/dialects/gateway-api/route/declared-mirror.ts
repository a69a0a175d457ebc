import type { FieldPath } from '../../../diagnostics/diagnostic.ts'
import type { PlacedFilter } from './checked-filters.ts'
import type { RequestMirror } from './mirror.ts'

/** A filter's mirror, and the place of the filter's field. */
export interface DeclaredMirror {
  readonly value: RequestMirror
  readonly path: FieldPath
}

/** The mirror of a filter; empty for the other types. */
export function mirrorIn({ filter: { requestMirror }, type, path }: PlacedFilter): readonly DeclaredMirror[] {
  return type === 'RequestMirror' && requestMirror !== undefined
    ? [{ value: requestMirror, path: [...path, 'requestMirror'] }]
    : []
}
