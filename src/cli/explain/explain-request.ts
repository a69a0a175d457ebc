import { isIP } from 'node:net'
import type { Header, SimulatedRequest } from '../../simulate/request.ts'
import { UsageError } from '../../errors.ts'

const defaultPorts = { http: 80, https: 443 } as const
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH', 'CONNECT']

/**
 * The words of the command line that are not flags. `-f` takes every word after it, so its paths may include
 * the method and the URL.
 */
export interface Words {
  readonly paths: readonly string[]
  readonly arguments: readonly string[]
}

export interface AskedRequest {
  readonly request: SimulatedRequest
  /** Whether the URL names its port. */
  readonly hasPort: boolean
  readonly url: string
  /** Files and directories, without the method and the URL. */
  readonly paths: readonly string[]
}

/** Finds `[METHOD] URL` among the words. Throws UsageError that says what to write. */
export function askedRequest({ paths, arguments: rest }: Words, headers: readonly Header[]): AskedRequest {
  const words = [...paths, ...rest]
  const urls = words.filter((word) => word.includes('://'))
  const [url, second] = urls
  if (url === undefined)
    throw new UsageError('explain: name the URL with its scheme, as in http://reviews/api')
  if (second !== undefined)
    throw new UsageError(`explain: ${url} and ${second}: explain one request at a time`)
  const method = words.find(
    (word) =>
      methods.includes(word) &&
      (rest.includes(word) || words[words.indexOf(word) + 1] === url || words.at(-1) === word),
  )
  const unknown = rest.find((word) => word !== url && word !== method)
  if (unknown !== undefined)
    throw new UsageError(`explain: ${unknown} is neither a method (${methods.join(', ')}) nor a URL`)
  return {
    ...parseUrl(url, { method: method ?? 'GET', headers }),
    url,
    paths: paths.filter((word) => word !== url && word !== method),
  }
}

/**
 * The path is taken as it is written, since what a client leaves in it decides the route; a URL class would
 * tidy it.
 */
function parseUrl(
  url: string,
  { method, headers }: { readonly method: string; readonly headers: readonly Header[] },
): Pick<AskedRequest, 'request' | 'hasPort'> {
  const [, scheme, authority = '', rest = ''] = /^([a-z]+):\/\/([^/?#]*)([^#]*)/i.exec(url) ?? []
  const lower = scheme?.toLowerCase()
  if (lower !== 'http' && lower !== 'https')
    throw new UsageError(`explain: ${url}: write a URL that begins with http:// or https://`)
  const [, bracketed, name, digits] =
    /^(?:[^@]*@)?(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(authority) ?? []
  const host = bracketed ?? name
  const port = digits === undefined ? defaultPorts[lower] : Number(digits)
  if (host === undefined || port < 1 || port > 65_535)
    throw new UsageError(
      `explain: ${url}: write the host, and a port from 1 to 65535, as in http://reviews:9080/api`,
    )
  if (bracketed !== undefined && isIP(bracketed) !== 6)
    throw new UsageError(`explain: ${url}: only an IPv6 address may have brackets`)
  if (!/^[\x21-\x7e]*$/.test(host + rest))
    throw new UsageError(
      `explain: ${url}: percent-encode what is not ASCII in the path, as a client does, and write the ` +
        `host in Punycode`,
    )
  const isDefault = port === defaultPorts[lower]
  const bare = bracketed === undefined ? host : `[${bracketed}]`
  const declared = headers.findLast(([header]) => header === 'host')?.[1]
  return {
    hasPort: digits !== undefined,
    request: {
      scheme: lower,
      address: host,
      port,
      method,
      authority: declared ?? (isDefault ? bare : `${bare}:${port}`),
      path: rest.startsWith('/') ? rest : `/${rest}`,
      headers: headers.filter(([header]) => header !== 'host'),
    },
  }
}

/** `name: value`, as curl takes it. Throws UsageError. */
export function parseHeader(text: string): Header {
  const [, name, value = ''] = /^([!#$%&'*+.^_`|~\w-]+):(.*)$/.exec(text) ?? []
  if (name === undefined) throw new UsageError(`-H ${text}: write name: value, as in -H 'x-user: jason'`)
  return [name.toLowerCase(), value.trim()]
}
