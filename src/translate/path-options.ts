import type { PathNormalization } from '../model/settings.ts'
import type { Message } from '../xds/proto.ts'

/**
 * A connection manager's normalization of paths before they are matched (HttpConnectionManager
 * normalize_path, merge_slashes, path_with_escaped_slashes_action).
 */
export type PathOptions = Pick<
  Message<'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'>,
  'normalize_path' | 'merge_slashes' | 'path_with_escaped_slashes_action'
>

export function pathOptions(normalization: PathNormalization): PathOptions {
  switch (normalization) {
    case 'none':
      return { normalize_path: false }
    case 'base':
      return { normalize_path: true }
    case 'merge-slashes':
      return { normalize_path: true, merge_slashes: true }
    case 'decode-and-merge-slashes':
      return {
        normalize_path: true,
        merge_slashes: true,
        path_with_escaped_slashes_action: 'UNESCAPE_AND_FORWARD',
      }
  }
}
