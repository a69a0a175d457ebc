import type { Redirect } from '../../model/route.ts'
import type { Mapping } from './mapping.ts'
import { parseServiceName } from './service-name.ts'

/**
 * What a Mapping with `host_redirect` answers: its service is the host to go to. Of several paths the
 * simplest counts.
 */
export function redirectOf({ spec }: Mapping): Redirect {
  const { scheme, host, port } = parseServiceName(spec.service) ?? {
    scheme: undefined,
    host: '',
    port: undefined,
  }
  return {
    kind: 'redirect',
    host,
    path: pathOf(spec),
    scheme,
    port,
    code: spec.redirect_response_code ?? 301,
  }
}

function pathOf({
  path_redirect: path = '',
  prefix_redirect: prefix = '',
  regex_redirect: regex,
}: Mapping['spec']): Redirect['path'] {
  if (path !== '') return { kind: 'path', value: path }
  if (prefix !== '') return { kind: 'prefix', value: prefix }
  return regex === undefined
    ? undefined
    : { kind: 'regex', pattern: regex.pattern, substitution: regex.substitution ?? '' }
}
