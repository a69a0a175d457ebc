import { createHash } from 'node:crypto'

/** Name of the cluster that carries primary requests, as people know it from Istio's config dumps. */
export function clusterName(port: number, subset: string | undefined, host: string): string {
  return `outbound|${port}|${subset ?? ''}|${host}`
}

/** Name of a cluster that only mirrors use, over the endpoints of `clusterName`. */
export function mirrorClusterName(port: number, subset: string | undefined, host: string): string {
  return `mirror|${port}|${subset ?? ''}|${host}`
}

/**
 * The cluster of routes whose requests may go to no backend. It never exists, because no host, service or
 * Upstream has such a name. Envoy answers with the route's `cluster_not_found_response_code`.
 */
export const rejectedClusterName = 'rejected|backend'

/**
 * The host by which routes name an object other than a Kubernetes Service:
 * `<name>.<namespace>.<kind>.<group>`, lower case.
 */
export function objectHost({
  group,
  kind,
  namespace,
  name,
}: {
  readonly group: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
}): string {
  return `${name}.${namespace}.${kind}.${group}`.toLowerCase()
}

/**
 * 48 bits of SHA-256 in hexadecimal: short enough for a runtime key, long enough never to meet within one
 * object.
 */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

/** Does the pattern (a host, `*`, or `*` and a suffix) cover the host or every host of the other pattern? */
export function hostIsWithin(host: string, pattern: string): boolean {
  if (!pattern.startsWith('*')) return host === pattern
  const suffix = pattern.slice(1)
  return host.startsWith('*') ? host.slice(1).endsWith(suffix) : host.endsWith(suffix)
}

/** The narrower of two patterns if one lies within the other. */
export function intersectHosts(a: string, b: string): string | undefined {
  if (hostIsWithin(a, b)) return a
  return hostIsWithin(b, a) ? b : undefined
}

/** Order by specificity: exact hosts first, then longer wildcards, then by code unit. */
export function compareSpecificity(a: string, b: string): number {
  const wild = Number(a.startsWith('*')) - Number(b.startsWith('*'))
  if (wild !== 0) return wild
  if (a.startsWith('*') && a.length !== b.length) return b.length - a.length
  return compareText(a, b)
}

/** Order by code unit, the same in every locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
