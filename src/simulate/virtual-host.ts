import { splitPort } from './authority.ts'
import type { RouteConfiguration, VirtualHost } from './configuration.ts'

export interface ChosenVirtualHost {
  readonly virtualHost: VirtualHost
  /** The domain that matched. */
  readonly domain: string
}

/**
 * The virtual host for an authority: an exact domain, else the longest `*suffix`, else the longest `prefix*`,
 * else `*`. A star stands for at least one character. Case does not matter.
 */
export function chooseVirtualHost(
  virtualHosts: readonly VirtualHost[],
  authority: string,
  { ignore_port_in_host_matching: ignoresPort }: RouteConfiguration,
): ChosenVirtualHost | undefined {
  const host = (ignoresPort === true ? splitPort(authority).host : authority).toLowerCase()
  const all = virtualHosts.flatMap((virtualHost) =>
    (virtualHost.domains ?? []).map((domain) => ({ virtualHost, domain, pattern: domain.toLowerCase() })),
  )
  const longest = (fits: (pattern: string) => boolean) =>
    all
      .filter(({ pattern }) => pattern !== '*' && fits(pattern))
      .toSorted((a, b) => b.pattern.length - a.pattern.length)[0]
  const covers = (part: string): boolean => part.length < host.length
  return (
    all.find(({ pattern }) => pattern === host && pattern !== '*') ??
    longest(
      (pattern) => pattern.startsWith('*') && covers(pattern.slice(1)) && host.endsWith(pattern.slice(1)),
    ) ??
    longest(
      (pattern) =>
        pattern.endsWith('*') && covers(pattern.slice(0, -1)) && host.startsWith(pattern.slice(0, -1)),
    ) ??
    all.find(({ pattern }) => pattern === '*')
  )
}
