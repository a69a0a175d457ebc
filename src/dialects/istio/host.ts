import { isIP } from 'node:net'
import { serviceHost } from '../kubernetes/host.ts'

/**
 * The host of a name in an Istio object: a name without a dot is a Service in the object's namespace, any
 * other (`*`, addresses, `reviews.default`) is unchanged. Lower case.
 */
export function resolveHost(host: string, namespace: string, domain: string): string {
  const name = host.toLowerCase()
  return name === '*' || name.includes('.') || isIP(name) !== 0 ? name : serviceHost(name, namespace, domain)
}

/** `<namespace>/<name>` of a Gateway as `spec.gateways` names it; `mesh` stays. */
export function resolveGateway(name: string, namespace: string): string {
  if (name === 'mesh') return name
  const [first, second] = name.split('/')
  if (second !== undefined) return first === '.' ? `${namespace}/${second}` : name
  const [short, inNamespace] = name.split('.')
  return inNamespace === undefined ? `${namespace}/${name}` : `${inNamespace}/${short ?? ''}`
}

/** Hosts for the objects of a namespace, or of every one (`*`). */
export interface ScopedHost {
  readonly namespace: string
  readonly host: string
}

/**
 * Reads a host of a Gateway's server: `ns/host`, `./host` for its own namespace, or a host alone for every
 * namespace.
 */
export function scopedHost(text: string, namespace: string): ScopedHost {
  const slash = text.indexOf('/')
  if (slash < 0) return { namespace: '*', host: text.toLowerCase() }
  const from = text.slice(0, slash)
  return { namespace: from === '.' ? namespace : from, host: text.slice(slash + 1).toLowerCase() }
}
