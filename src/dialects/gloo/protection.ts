import { noteUnsupported } from '../report.ts'
import type { DecodedAt, Report } from '../report.ts'

/** Options that decide who may send a request at all. */
const protections: readonly string[] = ['csrf', 'extauth', 'jwt', 'jwtProvidersStaged', 'jwtStaged', 'rbac', 'waf']

/** Says of each named option that is present that it is not acted on; where it protects a route, that the route is open is an error. */
export function noteUnsupportedOptions(report: Report, at: DecodedAt, options: readonly string[]): void {
  noteUnsupported(report, at, options.filter((option) => !protections.includes(option)))
  for (const option of options) {
    if (!protections.includes(option) || at.value?.[option] === undefined) continue
    report.note('route/unprotected', [...at.path, option], {
      message: `${option} is not supported: requests pass without it`,
      hint: 'let nobody reach these proxies that it would keep away, or take them from Gloo',
    })
  }
}
