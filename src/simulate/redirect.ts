import type { Message } from '../xds/proto.ts'
import { splitPort } from './authority.ts'
import type { Route } from './configuration.ts'
import { headerValues } from './request.ts'
import type { ReceivedRequest } from './request.ts'
import { rewrittenPath } from './rewrite.ts'

type RedirectAction = Message<'envoy.config.route.v3.RedirectAction'>

const statuses = {
  MOVED_PERMANENTLY: 301,
  FOUND: 302,
  SEE_OTHER: 303,
  TEMPORARY_REDIRECT: 307,
  PERMANENT_REDIRECT: 308,
} as const

export interface Redirection {
  readonly status: number
  readonly location: string
}

/** envoy.config.route.v3.RedirectAction */
export function redirection(
  action: RedirectAction,
  match: NonNullable<Route['match']>,
  request: ReceivedRequest,
): Redirection {
  const scheme =
    action.https_redirect === true ? 'https' : (nonEmpty(action.scheme_redirect) ?? request.scheme)
  const port =
    action.port_redirect === undefined || action.port_redirect === 0 ? '' : `:${action.port_redirect}`
  const host = nonEmpty(action.host_redirect) ?? keptHost(request, scheme, port)
  return {
    status: statuses[action.response_code ?? 'MOVED_PERMANENTLY'],
    location: `${scheme}://${host}${port}${pathOf(action, match, request.path)}`,
  }
}

/** `require_tls` of a virtual host. */
export function redirectionToTls({ authority, path }: ReceivedRequest): Redirection {
  return { status: 301, location: `https://${authority}${path}` }
}

/**
 * A port goes where another one replaces it, or where it was the default of the scheme that the request came
 * by.
 */
function keptHost(request: ReceivedRequest, scheme: string, port: string): string {
  const split = splitPort(request.authority)
  const came = headerValues(request, 'x-forwarded-proto')[0]
  const wasDefault =
    came !== scheme &&
    ((came === 'https' && split.port === ':443') || (came === 'http' && split.port === ':80'))
  return port !== '' || wasDefault ? split.host : request.authority
}

function pathOf(action: RedirectAction, match: NonNullable<Route['match']>, path: string): string {
  const query = path.includes('?') ? path.slice(path.indexOf('?')) : ''
  const fixed = nonEmpty(action.path_redirect)
  if (fixed !== undefined)
    return fixed.includes('?') ? fixed : `${fixed}${action.strip_query === true ? '' : query}`
  return rewrittenPath(
    action,
    match,
    action.strip_query === true ? path.slice(0, path.length - query.length) : path,
  )
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}
