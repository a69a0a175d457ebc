/**
 * Gives each domain to the first virtual host of a route configuration that asks for it, as Envoy refuses one
 * that stands twice. A short name that is the full name of another host is that host's.
 */
export function claimDomains(
  hosts: readonly string[],
): (host: string, others: readonly string[]) => readonly string[] {
  const fullNames = new Set(hosts)
  const taken = new Set<string>()
  return (host, others) =>
    [host, ...others].filter((domain) => {
      const name = domain.toLowerCase()
      if (taken.has(name) || (name !== host && fullNames.has(name))) return false
      taken.add(name)
      return true
    })
}
