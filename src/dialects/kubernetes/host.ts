/** Fully qualified name of a Service: `<name>.<namespace>.svc.<domain>`. */
export function serviceHost(name: string, namespace: string, domain: string): string {
  return `${name}.${namespace}.svc.${domain}`
}

export interface Alias {
  readonly domain: string
  readonly onlyIn: string | undefined
}

/**
 * The shorter names under which Kubernetes' DNS search path finds a host, and its name with the root's dot.
 */
export function aliasesOf(host: string, domain: string): readonly Alias[] {
  if (host === '*') return []
  const rooted: Alias = { domain: `${host}.`, onlyIn: undefined }
  const suffix = `.svc.${domain}`
  if (!host.endsWith(suffix) || host.startsWith('*')) return [rooted]
  const [name, namespace, ...rest] = host.slice(0, -suffix.length).split('.')
  if (name === undefined || namespace === undefined || rest.length > 0) return [rooted]
  return [
    rooted,
    { domain: name, onlyIn: namespace },
    { domain: `${name}.${namespace}.svc`, onlyIn: undefined },
    { domain: `${name}.${namespace}`, onlyIn: undefined },
  ]
}

/** Names of the single pods behind a headless Service, `<pod>.<name>…`, under every name of the Service. */
export function podAliases(host: string, aliases: readonly Alias[]): readonly Alias[] {
  return [{ domain: host, onlyIn: undefined }, ...aliases].map(({ domain, onlyIn }) => ({
    domain: `*.${domain}`,
    onlyIn,
  }))
}
