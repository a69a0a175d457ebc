import { resolveGateway } from '../host.ts'
import type { Report } from '../../reading/report.ts'

/** The part of an HTTP rule that names the gateways of its matches. */
interface MatchingRule {
  readonly match?: readonly { readonly gateways?: readonly string[] | undefined }[] | undefined
}

/** Notes gateways that a match names and the VirtualService does not list: there is no listener for them. */
export function noteMatchGateways(
  report: Report,
  rules: readonly (MatchingRule | undefined)[],
  listed: readonly string[],
): void {
  const { namespace } = report.manifest.id
  const known = new Set(listed.map((gateway) => resolveGateway(gateway, namespace)))
  rules.forEach((rule, index) => {
    rule?.match?.forEach((match, position) => {
      match.gateways?.forEach((gateway, entry) => {
        if (known.has(resolveGateway(gateway, namespace))) return
        const alone = match.gateways?.every((each) => !known.has(resolveGateway(each, namespace))) === true
        report.note('route/unlisted-gateway', ['spec', 'http', index, 'match', position, 'gateways', entry], {
          message:
            `${gateway} is not among the gateways of the VirtualService (${listed.join(', ')}), so ` +
            (alone ? 'the match takes no request' : 'the match takes none from there'),
          hint: `add ${gateway} to spec.gateways, or name one of these`,
        })
      })
    })
  })
}
