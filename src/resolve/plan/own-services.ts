import type { Service } from '../../model/backend.ts'
import { hasLabels } from '../../model/labels.ts'
import type { Scope } from '../../xds/scope.ts'

/**
 * The services that stand for the proxy's own workload: those of its namespace whose selector its labels
 * meet.
 */
export function ownServices({ namespace, labels }: Scope, services: readonly Service[]): readonly Service[] {
  return services.filter((service) => {
    const { selector = {} } = service
    return service.namespace === namespace && Object.keys(selector).length > 0 && hasLabels(labels, selector)
  })
}
