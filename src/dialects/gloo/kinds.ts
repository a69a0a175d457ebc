import type { ObjectId } from '../../diagnostics/diagnostic.ts'

/** API group of the routing kinds: VirtualService, RouteTable, Gateway and the options. */
export const gatewayGroup = 'gateway.solo.io'

/** API group of Upstream and UpstreamGroup. */
export const upstreamGroup = 'gloo.solo.io'

type Kind =
  | 'VirtualService'
  | 'RouteTable'
  | 'Gateway'
  | 'RouteOption'
  | 'VirtualHostOption'
  | 'Upstream'
  | 'UpstreamGroup'

/** An object of one of Gloo's kinds. */
export function objectId(kind: Kind, { namespace, name }: Pick<ObjectId, 'namespace' | 'name'>): ObjectId {
  return {
    group: kind === 'Upstream' || kind === 'UpstreamGroup' ? upstreamGroup : gatewayGroup,
    kind,
    namespace,
    name,
  }
}

/** Key of all objects of a kind, wherever they are, for `ObjectLookup.indexed`. */
export function indexKey(kind: Kind): string {
  return `${objectId(kind, { namespace: '', name: '' }).group}/${kind}`
}
