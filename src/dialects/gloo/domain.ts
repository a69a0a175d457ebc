import type { RouteTable } from '../../model/route.ts'
import type { Report } from '../reading/report.ts'

/**
 * The hosts of a virtual host; none named is every one. A port is left out, as a listener's port is not told
 * from another here.
 */
export function hostsOf(domains: readonly string[] = [], report: Report): RouteTable['hosts'] {
  const object = report.manifest.id
  if (domains.length === 0) return [{ host: '*', origin: { object, path: ['spec', 'virtualHost'] } }]
  const hosts = domains.flatMap((domain, index) => {
    const path = ['spec', 'virtualHost', 'domains', index]
    const host = domain.toLowerCase().replace(/:\d+$/, '')
    if (!host.slice(1).includes('*')) return [{ host, origin: { object, path } }]
    report.note('field/unsupported', path, {
      message:
        `domain ${domain} has a * that is not at its beginning, which is not supported yet: it is ` +
        `left out`,
    })
    return []
  })
  return hosts.filter(
    ({ host }, index) =>
      domains[index]?.includes(':') !== true || hosts.findIndex((each) => each.host === host) === index,
  )
}
