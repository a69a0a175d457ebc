/** Flags that say what a proxy is. Each function throws UsageError, whose message names the flag and the form to write. */
import { isIP } from 'node:net'
import { UsageError } from '../sources/source.ts'

const highestPort = 65_535

/** An IPv4 or IPv6 address. */
export function parseAddress(flag: string, text: string): string {
  if (isIP(text) === 0) throw new UsageError(`${flag} ${text}: write an IP address, as in 127.0.0.1`)
  return text
}

/** `k=v,k=v` */
export function parseLabels(flag: string, text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(pairs(flag, text, 'labels as key=value, as in istio=ingressgateway,version=v1'))
}

/** `80=8080,443=8443`: ports from 1 to 65535, each mapped once and to a port of its own. */
export function parsePortMap(flag: string, text: string): Readonly<Record<number, number>> {
  const form = 'ports from 1 to 65535 as port=bound, as in 80=8080,443=8443'
  const ports = pairs(flag, text, form).map((pair) => pair.map((port) => /^\d+$/.test(port) ? Number(port) : 0))
  if (ports.flat().some((port) => port < 1 || port > highestPort)) throw new UsageError(`${flag} ${text}: write ${form}`)
  if (new Set(ports.map(([, bound]) => bound)).size < ports.length) throw new UsageError(`${flag} ${text}: two ports cannot be bound to the same one`)
  return Object.fromEntries(ports)
}

/** A user or group id that is not root's: root's own connections would not be redirected either. */
export function parseProxyId(flag: string, text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new UsageError(`${flag} ${text}: write the number of a user other than root, as in 1337`)
  return Number(text)
}

function pairs(flag: string, text: string, form: string): readonly (readonly [string, string])[] {
  const parsed = text.split(',').map((pair) => {
    const [, key, value] = /^([^=\s]+)=([^=\s]*)$/.exec(pair.trim()) ?? []
    if (key === undefined || value === undefined) throw new UsageError(`${flag} ${text}: write ${form}`)
    return [key, value] as const
  })
  const repeated = parsed.find(([key], index) => parsed.findIndex(([other]) => other === key) < index)
  if (repeated !== undefined) throw new UsageError(`${flag} ${text}: ${repeated[0]} stands there twice`)
  return parsed
}
