/**
 * Flags that describe a proxy. Each function throws a UsageError that names the flag and the form to write.
 */
import { isIP } from 'node:net'
import { UsageError } from '../../errors.ts'
import { parsePortMap } from '../../xds/port-map.ts'
import type { PortMap } from '../../xds/port-map.ts'

/** An IPv4 or IPv6 address. */
export function parseAddress(flag: string, text: string): string {
  if (isIP(text) === 0) throw new UsageError(`${flag} ${text}: write an IP address, as in 127.0.0.1`)
  return text
}

/** `k=v,k=v` */
export function parseLabels(flag: string, text: string): Readonly<Record<string, string>> {
  const labels = new Map<string, string>()
  for (const pair of text.split(',')) {
    const [, key, value] = /^([^=\s]+)=([^=\s]*)$/.exec(pair.trim()) ?? []
    if (key === undefined || value === undefined) {
      throw new UsageError(
        `${flag} ${text}: write labels as key=value, as in istio=ingressgateway,version=v1`,
      )
    }
    if (labels.has(key)) throw new UsageError(`${flag} ${text}: ${key} is written twice; write it once`)
    labels.set(key, value)
  }
  return Object.fromEntries(labels)
}

/** `80=8080,443=8443`, as the metadata PORT_MAP of a node. */
export function parsePortMapFlag(flag: string, text: string): PortMap {
  const parsed = parsePortMap(text)
  if ('problem' in parsed) throw new UsageError(`${flag} ${text}: ${parsed.problem}`)
  return parsed.portMap
}

/** A user or group id that is not root's: root's own connections would not be redirected either. */
export function parseProxyId(flag: string, text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text))
    throw new UsageError(`${flag} ${text}: write the number of a user other than root, as in 1337`)
  return Number(text)
}
