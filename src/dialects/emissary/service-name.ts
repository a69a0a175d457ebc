import { isIP } from 'node:net'

/** The parts of a Mapping's `service`: `[scheme://]host[:port]`. */
export interface ServiceName {
  readonly scheme: 'http' | 'https' | undefined
  /** Lower case; an IPv6 address is without its brackets. */
  readonly host: string
  readonly port: number | undefined
}

const form =
  /^(?:(?<scheme>[a-z][a-z0-9+.-]*):\/\/)?(?:\[(?<v6>[0-9a-f:.]+)\]|(?<host>[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?)\.?)(?::(?<port>\d{1,5}))?\/?$/

/** Undefined for a text of another form. */
export function parseServiceName(text: string): ServiceName | undefined {
  const groups = form.exec(text.trim().toLowerCase())?.groups
  if (groups === undefined) return undefined
  const { scheme, v6, port } = groups
  const host = v6 ?? groups['host'] ?? ''
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https') return undefined
  if (v6 !== undefined && isIP(v6) !== 6) return undefined
  const number = port === undefined ? undefined : Number(port)
  if (number !== undefined && (number < 1 || number > 65535)) return undefined
  return { scheme, host, port: number }
}

/**
 * The name in the form of a cluster's name: a short name of a Mapping outside of `default`, the assumed
 * namespace of Emissary, gets the Mapping's namespace.
 */
export function qualifiedName({ scheme, host, port }: ServiceName, namespace: string): string {
  const isQualified = host.includes('.') || host.includes(':') || host === 'localhost'
  const name = isQualified || namespace === 'default' ? host : `${host}.${namespace}`
  const shown = name.includes(':') ? `[${name}]` : name
  return `${scheme === undefined ? '' : `${scheme}://`}${shown}${port === undefined ? '' : `:${port}`}`
}
