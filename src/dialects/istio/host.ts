import { isIP } from 'node:net'
import { serviceHost } from '../kubernetes/host.ts'

/**
 * The host that a name in an Istio object stands for: a name without a dot is a Service beside the object, everything
 * else (`*`, addresses, `reviews.default`) stays as it is. Lower case.
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
