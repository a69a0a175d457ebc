import { didYouMean } from '../../diagnostics/did-you-mean.ts'
import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import { finding } from '../../diagnostics/finding.ts'
import type { GatewayListener } from '../../model/gateway.ts'
import { hasLabels } from '../../model/labels.ts'
import type { Labels } from '../../model/labels.ts'

/**
 * Says of a gateway's selector that nothing has its labels. `known` are the labels of proxies, and of the
 * workloads that Services select; where none of them has a label of that name at all, nothing is known about
 * gateways, and nothing is said.
 */
export function selectorFindings(
  { selector, origin }: GatewayListener,
  known: readonly Labels[],
): readonly Diagnostic[] {
  if (known.some((labels) => hasLabels(labels, selector))) return []
  return Object.entries(selector).flatMap(([name, value]): readonly Diagnostic[] => {
    const values = [
      ...new Set(known.flatMap((labels) => (Object.hasOwn(labels, name) ? (labels[name] ?? []) : []))),
    ]
    if (values.length === 0 || values.includes(value)) return []
    const meant = didYouMean(value, values)
    return [
      finding(
        'gateway/selects-nothing',
        { object: origin.object, path: ['spec', 'selector', name] },
        {
          message: `nothing that is known has the label ${name}: ${value}, so no proxy gets these servers`,
          hint:
            meant === undefined
              ? `there ${values.length === 1 ? 'is' : 'are'} ${values.join(', ')}`
              : `did you mean ${meant}?`,
        },
      ),
    ]
  })
}
