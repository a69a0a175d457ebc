import { didYouMean } from '../../../diagnostics/did-you-mean.ts'
import { objectName } from '../../../diagnostics/diagnostic.ts'
import type { ObjectId } from '../../../diagnostics/diagnostic.ts'
import { serviceHost } from '../../kubernetes/host.ts'
import type { Report } from '../../reading/report.ts'
import { accepted } from '../conditions.ts'
import { unknownParent } from './parent.ts'
import type { FoundParent, ParentSite } from './parent.ts'
import type { Belonging, ParentReference, ParentTable } from './parents.ts'
import { servicePorts } from '../route/service-port.ts'

/**
 * A Service as the parent of a route (GAMMA): the mesh's requests for the Service are routed by it, from all
 * namespaces. A route in another namespace is a consumer's: for clients there it replaces all routes of the
 * Service's own namespace (GEP-1294).
 */
export function serviceParent(site: ParentSite): FoundParent {
  const { reference, route, lookup, path } = site
  const { id } = route.manifest
  const service: ObjectId = {
    group: '',
    kind: 'Service',
    namespace: reference.namespace ?? id.namespace,
    name: reference.name,
  }
  const manifest = lookup.manifest(service)
  if (manifest === undefined) {
    const meant = didYouMean(
      service.name,
      lookup.manifestsOf(service, service.namespace).map((each) => each.id.name),
    )
    return unknownParent(site, {
      code: 'parent/unknown',
      field: 'name',
      message: `there is no Service ${objectName(service)}`,
      hint: meant === undefined ? undefined : `did you mean ${meant}?`,
    })
  }
  const ports = servicePorts(manifest)
  if (reference.port !== undefined && ports?.includes(reference.port) === false) {
    return unknownParent(site, {
      code: 'parent/unknown',
      field: 'port',
      message: `Service ${objectName(service)} has no port ${reference.port}`,
      hint: ports.length === 0 ? 'it has no ports' : `it has ${ports.join(', ')}`,
    })
  }
  if (reference.sectionName !== undefined) {
    site.report.note('field/unsupported', [...path, 'sectionName'], {
      message: 'sectionName has no effect for a Service',
      hint: 'name its port in port',
    })
  }
  const isConsumer = id.namespace !== service.namespace
  const table: ParentTable = {
    kind: 'mesh',
    attachedTo: ['mesh'],
    hosts: [
      {
        host: serviceHost(service.name, service.namespace, lookup.settings.domain),
        origin: { object: id, path: [...path, 'name'] },
      },
    ],
    applies: reference.port === undefined ? {} : { port: reference.port },
    visibility: isConsumer ? { namespaces: [id.namespace] } : 'everywhere',
    ...(isConsumer ? { joins: 'gateway-api consumer', replaces: 'gateway-api' } : { joins: 'gateway-api' }),
  }
  return {
    places: [],
    tables: [table],
    accepted: accepted(
      `requests for Service ` +
        `${objectName(service)}${isConsumer ? ` from namespace ${id.namespace}` : ''} ` +
        `are routed by it`,
    ),
  }
}

/** Requests of the mesh are for the Service by its own names. */
export function noteIgnoredHostnames(
  { hostnames }: Belonging,
  parents: readonly ParentReference[],
  report: Report,
): void {
  if (hostnames.length === 0 || !parents.some(({ group, kind }) => group === '' && kind === 'Service')) return
  report.note('parent/ignored-hostnames', ['spec', 'hostnames'], {
    message: 'hostnames have no effect for parents that are Services: requests are those for the Service',
    hint: 'leave hostnames out',
  })
}
