import type { Json, JsonObject } from '../../manifest/manifest.ts'
import type {
  CorsPolicy,
  HeaderChanges,
  HeaderOperations,
  Match,
  Redirect,
  Rewrite,
} from '../../model/route.ts'
import { present } from '../rendered.ts'
import type { Remarks } from '../rendered.ts'
import { corsFilter } from '../../dialects/gateway-api/route/cors.ts'
import { headerName, headerValue } from '../../dialects/gateway-api/route/http-header.ts'
import { preciseHostname } from '../../dialects/gateway-api/gateway/precise-hostname.ts'

/** Filters for header changes; `authority` is the request's new Host. */
export function headerFilters(
  { request, response }: HeaderChanges,
  authority: string | undefined,
  remarks: Remarks,
): readonly JsonObject[] {
  const host = authority === undefined ? {} : { Host: authority }
  const [asked, answered] = [
    modifier({ ...request, set: { ...request.set, ...host } }, remarks),
    modifier(response, remarks),
  ]
  return [
    ...(asked === undefined ? [] : [{ type: 'RequestHeaderModifier', requestHeaderModifier: asked }]),
    ...(answered === undefined ? [] : [{ type: 'ResponseHeaderModifier', responseHeaderModifier: answered }]),
  ]
}

function modifier({ set, add, remove }: HeaderOperations, remarks: Remarks): JsonObject | undefined {
  const list = (values: Readonly<Record<string, string>>): readonly JsonObject[] | undefined => {
    const known = Object.entries(values).filter(([name, value]) => isSayable(name, value, remarks))
    return known.length === 0 ? undefined : known.map(([name, value]) => ({ name, value }))
  }
  const written = present<Json>({
    set: list(set),
    add: list(add),
    remove: remove.length === 0 ? undefined : remove,
  })
  return Object.keys(written).length === 0 ? undefined : written
}

function isSayable(name: string, value: string, remarks: Remarks): boolean {
  const known = headerName.safeParse(name).success && headerValue.safeParse(value).success
  if (!known)
    remarks.add(
      [],
      `not carried, header ${name} with the value ${JSON.stringify(value)}: the Gateway API takes ` +
        `printable ASCII`,
    )
  return known
}

/**
 * A change of the path, which matters; `undefined` if there is none, 'unsayable' if the Gateway API cannot
 * express it.
 */
type PathModifier = JsonObject | 'unsayable' | undefined

/** HTTPPathModifier for the replacement of a prefix. */
function replacedPrefix({ kind, value }: Match['path'], replacement: string): PathModifier {
  if (kind === 'exact') return fullPath(replacement)
  if (kind === 'segments' && !replacement.endsWith('/') && replacement.startsWith('/'))
    return { type: 'ReplacePrefixMatch', replacePrefixMatch: replacement }
  if (kind === 'prefix' && value === '/' && replacement.startsWith('/') && replacement.endsWith('/'))
    return replacement === '/'
      ? undefined
      : { type: 'ReplacePrefixMatch', replacePrefixMatch: replacement.slice(0, -1) }
  return 'unsayable'
}

function fullPath(path: string): PathModifier {
  return path.startsWith('/') && path.length <= 1024
    ? { type: 'ReplaceFullPath', replaceFullPath: path }
    : 'unsayable'
}

/**
 * In the form that the translation of ReplacePrefixMatch without a replacement, and of ReplaceFullPath, has.
 */
function replacedRegex(
  { kind, value }: Match['path'],
  { pattern, substitution }: { readonly pattern: string; readonly substitution: string },
): PathModifier {
  if (pattern === '^.*$')
    return /\\\d/.test(substitution) ? 'unsayable' : fullPath(substitution.replaceAll('\\\\', '\\'))
  const isOwnPrefix =
    kind === 'segments' && substitution === '/' && pattern.replaceAll('\\', '') === `^${value}/?`
  return isOwnPrefix ? { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } : 'unsayable'
}

export interface RenderedRewrite {
  /** Undefined if the path cannot be rewritten correctly. */
  readonly filters: readonly JsonObject[] | undefined
  /** A Host for a header filter, if it is not a host name. */
  readonly authority: string | undefined
}

/** URLRewrite. */
export function rewriteFilters({ prefix, regex, authority }: Rewrite, path: Match['path']): RenderedRewrite {
  const modified =
    regex !== undefined
      ? replacedRegex(path, regex)
      : prefix === undefined || prefix === ''
        ? undefined
        : replacedPrefix(path, prefix)
  if (modified === 'unsayable') return { filters: undefined, authority: undefined }
  const isHostname = authority !== undefined && preciseHostname.safeParse(authority).success
  const urlRewrite = present<Json>({ hostname: isHostname ? authority : undefined, path: modified })
  return {
    filters: Object.keys(urlRewrite).length === 0 ? [] : [{ type: 'URLRewrite', urlRewrite }],
    authority: isHostname ? undefined : authority,
  }
}

/** RequestRedirect; undefined if it cannot be expressed. `port` is the listener's. */
export function redirectFilter(
  { host, path, scheme, port, code }: Redirect,
  matched: Match['path'],
  listener: { readonly scheme: 'http' | 'https'; readonly port: number | undefined },
): JsonObject | undefined {
  const modified = path === undefined ? undefined : redirectedPath(path, matched)
  const isHostname = host === undefined || preciseHostname.safeParse(host).success
  // Without a port, the Gateway API uses that of the scheme if there is one, otherwise the listener's.
  const meant =
    port === 'of the listener'
      ? scheme === undefined
        ? undefined
        : (listener.port ?? 'unknown')
      : (port ?? (scheme === undefined ? (listener.scheme === 'https' ? 443 : 80) : undefined))
  if (modified === 'unsayable' || !isHostname || meant === 'unknown') return undefined
  return {
    type: 'RequestRedirect',
    requestRedirect: present<Json>({ scheme, hostname: host, path: modified, port: meant, statusCode: code }),
  }
}

function redirectedPath(path: NonNullable<Redirect['path']>, matched: Match['path']): PathModifier {
  switch (path.kind) {
    case 'path':
      return fullPath(path.value)
    case 'prefix':
      return replacedPrefix(matched, path.value)
    case 'regex':
      return replacedRegex(matched, path)
  }
}

/** CORS, with what of it the Gateway API can say. */
export function corsFilters(cors: CorsPolicy | undefined, remarks: Remarks): readonly JsonObject[] {
  if (cors === undefined) return []
  const { origins, methods, headers, exposedHeaders, maxAge, credentials, unmatchedPreflights } = cors
  const list = (values: readonly string[]): readonly string[] | undefined =>
    values.length === 0 ? undefined : values
  const written = present<Json>({
    allowOrigins: list(origins.flatMap((origin) => (origin.kind === 'exact' ? [origin.value] : []))),
    allowMethods: list(methods),
    allowHeaders: list(headers),
    exposeHeaders: list(exposedHeaders),
    maxAge: maxAge === undefined || maxAge < 1 ? undefined : maxAge,
    allowCredentials: credentials,
  })
  if (!corsFilter.safeParse(written).success) {
    remarks.add([], 'not carried, a CORS policy: the Gateway API does not take its values')
    return []
  }
  if (origins.some(({ kind }) => kind !== 'exact'))
    remarks.add([], 'not carried, origins of a CORS policy that are matched by prefix or regular expression')
  if (unmatchedPreflights === 'forward')
    remarks.add([], 'not carried: preflight requests of other origins reach the backend')
  return [{ type: 'CORS', cors: written }]
}
