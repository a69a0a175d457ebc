import { nameOf } from '../../diagnostics/finding.ts'
import type { Route } from '../../model/route.ts'
import type { ServedRoutes } from '../served-routes.ts'
import type { Writable } from '../written.ts'

/** The routes of the mesh for one Service, or for one port of it. */
export interface MeshUnit {
  /** Namespace of the HTTPRoute: the Service's own, or that of its clients. */
  readonly namespace: string
  /** A ParentReference, as JSON. */
  readonly parent: string
  readonly port: number | undefined
  readonly routes: readonly Route[]
}

/** One for all ports, or one for each if a route has a port of its own. */
export function meshUnits(
  { tables, routes, host }: ServedRoutes,
  { services }: Writable,
  comment: (text: string) => void,
): readonly MeshUnit[] {
  const [first] = tables
  const service = services.find((each) => each.host === host)
  if (first === undefined) return []
  if (service === undefined || service.origin.object.group !== '') {
    comment(
      `${nameOf(first.origin)}: not carried, its routes of the mesh for ${host}, which is no Service of ` +
        `Kubernetes`,
    )
    return []
  }
  const seenIn = first.visibility === 'everywhere' ? [service.namespace] : first.visibility.namespaces
  const [namespace, ...more] = seenIn
  if (namespace === undefined || more.length > 0) {
    comment(
      `${nameOf(first.origin)}: not carried, its routes of the mesh for ${host}: they are for clients in ` +
        (seenIn.length === 0 ? 'no namespace' : seenIn.join(', ')),
    )
    return []
  }
  const reference = {
    group: '',
    kind: 'Service',
    name: service.name,
    ...(service.namespace === namespace ? {} : { namespace: service.namespace }),
  }
  const ports = service.ports
    .filter(({ protocol }) => protocol === 'http1' || protocol === 'http2' || protocol === 'detect')
    .map(({ number }) => number)
  if (routes.every(({ applies }) => applies.port === undefined)) {
    const [only, ...others] = ports
    return [
      { namespace, parent: JSON.stringify(reference), port: others.length === 0 ? only : undefined, routes },
    ]
  }
  return ports.map((port) => ({
    namespace,
    parent: JSON.stringify({ ...reference, port }),
    port,
    routes: routes.filter(({ applies }) => applies.port === undefined || applies.port === port),
  }))
}
