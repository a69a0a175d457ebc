import type { ObjectId } from '../../../diagnostics/diagnostic.ts'
import type { Labels } from '../../../model/labels.ts'
import type { ObjectLookup } from '../../dialect.ts'
import { gatewayApiGroup } from '../constraint.ts'
import type { Listener } from '../gateway/gateway-spec.ts'
import { isSelected, renderSelector } from './label-selector.ts'

/** The kinds of routes that are served. */
export const routeKinds: readonly string[] = ['HTTPRoute', 'GRPCRoute']

export function isRouteKind({ group, kind }: { readonly group: string; readonly kind: string }): boolean {
  return group === gatewayApiGroup && routeKinds.includes(kind)
}

export interface RouteQuestion {
  readonly route: ObjectId
  /** Namespace of the Gateway. */
  readonly namespace: string
  readonly lookup: ObjectLookup
}

/**
 * The reason why a listener does not accept a route (AllowedRoutes), as the end of a sentence; undefined if
 * it does.
 */
export function whyNotAllowed(
  { allowedRoutes, name }: Listener,
  { route, namespace, lookup }: RouteQuestion,
): string | undefined {
  const kinds = allowedRoutes?.kinds ?? []
  if (kinds.length > 0 && !kinds.some(({ group, kind }) => group === route.group && kind === route.kind)) {
    return `listener ${name} takes ${kinds.map(({ kind }) => kind).join(', ')} only`
  }
  const { from = 'Same', selector } = allowedRoutes?.namespaces ?? {}
  switch (from) {
    case 'All':
      return undefined
    case 'None':
      return `listener ${name} takes no routes`
    case 'Same':
      return route.namespace === namespace
        ? undefined
        : `listener ${name} takes routes of its own namespace ${namespace} only`
    case 'Selector':
      return selector !== undefined && isSelected(namespaceLabels(route.namespace, lookup), selector)
        ? undefined
        : `listener ${name} takes routes of namespaces with ` +
            `${selector === undefined ? 'labels that it does not say' : renderSelector(selector)}, and ` +
            describeNamespace(route.namespace, lookup)
  }
}

/** Kubernetes gives every Namespace the label of its name. */
function namespaceLabels(namespace: string, lookup: ObjectLookup): Labels {
  return { ...namespaceOf(namespace, lookup)?.labels, 'kubernetes.io/metadata.name': namespace }
}

function describeNamespace(namespace: string, lookup: ObjectLookup): string {
  return namespaceOf(namespace, lookup) === undefined
    ? `there is no Namespace object ${namespace} here to read them from`
    : `Namespace ${namespace} has others`
}

function namespaceOf(name: string, { manifest }: ObjectLookup) {
  return manifest({ group: '', kind: 'Namespace', namespace: '', name })
}
