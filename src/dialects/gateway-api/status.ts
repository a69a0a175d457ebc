import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import { notAccepted } from './conditions.ts'
import { gatewayApiGroup } from './constraint.ts'
import { meshController, ownController } from './gateway/controller.ts'
import { readGateway } from './gateway/gateway-spec.ts'
import type { Listener } from './gateway/gateway-spec.ts'
import { servedProtocols } from './gateway/listener.ts'
import { isRouteKind, routeKinds } from './parent/allowed-routes.ts'
import { generationOf, objectsIn, writtenConditions } from '../status.ts'
import type { ConditionsOf, StatusMoment, StatusReport } from '../status.ts'
import type { Json, JsonObject } from '../../manifest/manifest.ts'
import type { Condition, ObjectStatus } from '../../model/condition.ts'

/** Our condition types of a Gateway, listener or GatewayClass. */
const types = ['Accepted', 'Programmed', 'Conflicted', 'ResolvedRefs']

/** The status of a GatewayClass, Gateway or route; undefined for another controller's. */
export function gatewayApiStatus(report: StatusReport, moment: StatusMoment): JsonObject | undefined {
  const { kind } = report.manifest.id
  if (isRouteKind(report.manifest.id)) return routeStatus(report, moment)
  const [own, ...listeners] = report.statuses
  if (own === undefined) return undefined
  const said = retained(own.conditions, report, moment)
  if (kind !== 'Gateway') {
    const conditions = written(moment.current['conditions'], said, { report, moment })
    return { ...moment.current, conditions, supportedFeatures: supportedFeatures.map((name) => ({ name })) }
  }
  const { addresses: _, ...others } = moment.current
  const addresses = addressesIn(own, moment)
  return {
    ...others,
    ...(addresses.length === 0 ? {} : { addresses }),
    conditions: written(
      moment.current['conditions'],
      said.map((each) => (addresses.length === 0 ? withoutAddress(each) : each)),
      { report, moment },
    ),
    listeners: listeners.map((each) => listenerStatus(each, { report, moment })),
  }
}

/** GatewayStatus.addresses: those of its Services; without a Service, those that another controller wrote. */
function addressesIn({ addresses }: ObjectStatus, { current, owned }: StatusMoment): readonly Json[] {
  if (addresses !== undefined) return addresses.map(({ type, value }) => ({ type, value }))
  return owned?.['f:addresses'] === undefined ? objectsIn(current['addresses']) : []
}

/** GatewayReasonAddressNotAssigned */
function withoutAddress(condition: Condition): Condition {
  if (condition.type !== 'Programmed' || condition.status !== 'True') return condition
  return {
    type: 'Programmed',
    status: 'False',
    reason: 'AddressNotAssigned',
    message: `${condition.message}; no Service that selects its proxies has an address`,
  }
}

interface Telling {
  readonly report: StatusReport
  readonly moment: StatusMoment
}

function written(
  current: Json | undefined,
  conditions: readonly Condition[],
  { report, moment }: Telling,
): readonly JsonObject[] {
  const of: ConditionsOf = { generation: generationOf(report.manifest), now: moment.now, types }
  return writtenConditions(current, conditions, of)
}

/** GatewayStatus.listeners: all of them are ours. */
function listenerStatus({ section = '', conditions }: ObjectStatus, { report, moment }: Telling): JsonObject {
  const before = objectsIn(moment.current['listeners']).find(({ name }) => name === section)
  const listener = readGateway(report.manifest).value?.listeners.find((each) => each?.name === section)
  return {
    name: section,
    supportedKinds: supportedKinds(listener),
    attachedRoutes: report.taken[section] ?? 0,
    conditions: written(before?.['conditions'], conditions, { report, moment }),
  }
}

/** ListenerStatus.supportedKinds: the requested kinds that are served. */
function supportedKinds(listener: Listener | undefined): readonly JsonObject[] {
  if (listener !== undefined && !servedProtocols.includes(listener.protocol)) return []
  const asked = listener?.allowedRoutes?.kinds ?? []
  if (asked.length === 0) return routeKinds.map((kind) => ({ group: gatewayApiGroup, kind }))
  return asked.filter(isRouteKind).map(({ group, kind }) => ({ group, kind }))
}

/**
 * RouteStatus.parents is an atomic list: entries of other controllers are unchanged, and ours are replaced.
 */
function routeStatus(report: StatusReport, moment: StatusMoment): JsonObject {
  const { current } = moment
  const before = objectsIn(current['parents'])
  const fallback = meshController(report.settings)
  const ours = new Set<Json>([
    ownController,
    ...report.settings.gatewayControllers,
    ...report.statuses.map(({ controller = fallback }) => controller),
  ])
  const entries = report.statuses.map((status): JsonObject => {
    const controllerName = status.controller ?? fallback
    const parentRef = parentReference(status)
    const old = before.find(
      (each) => each['controllerName'] === controllerName && isSameParent(each['parentRef'], parentRef),
    )
    const conditions = writtenConditions(old?.['conditions'], retained(status.conditions, report, moment), {
      generation: generationOf(report.manifest),
      now: moment.now,
      types: objectsIn(old?.['conditions']).flatMap(({ type }) => (typeof type === 'string' ? [type] : [])),
    })
    return { parentRef, controllerName, conditions }
  })
  const others = before.filter(
    ({ controllerName }) => controllerName === undefined || !ours.has(controllerName),
  )
  if (before.length === 0 && entries.length === 0) return current
  return { ...current, parents: [...others, ...entries] }
}

function parentReference({ parent }: ObjectStatus): JsonObject {
  if (parent === undefined) return {}
  const { group, kind, namespace, name, section, port } = parent
  return {
    group,
    kind,
    namespace,
    name,
    ...(section === undefined ? {} : { sectionName: section }),
    ...(port === undefined ? {} : { port }),
  }
}

function isSameParent(a: Json | undefined, b: JsonObject): boolean {
  const [first] = objectsIn([a ?? null])
  return (
    first !== undefined &&
    ['group', 'kind', 'namespace', 'name', 'sectionName', 'port'].every((field) => first[field] === b[field])
  )
}

/**
 * The conditions of an object whose newest text was rejected: for a route PartiallyInvalid, the
 * specification's condition for its last good state; for a Gateway, which has no such condition, not
 * accepted.
 */
function retained(
  conditions: readonly Condition[],
  { manifest, inForce }: StatusReport,
  { diagnostics }: StatusMoment,
): readonly Condition[] {
  if (inForce === 'newest') return conditions
  const why = mistakes(diagnostics)
  if (!isRouteKind(manifest.id)) {
    return conditions.map((each) =>
      each.type === 'Accepted'
        ? notAccepted('Invalid', `the last good version stays in force: ${why}`)
        : each,
    )
  }
  const others = conditions.filter(({ type }) => type !== 'PartiallyInvalid')
  return [
    ...others,
    {
      type: 'PartiallyInvalid',
      status: 'True',
      reason: 'UnsupportedValue',
      message: `Fall Back: the last good version stays in force: ${why}`,
    },
  ]
}

function mistakes(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').map(({ message }) => message)
  return errors.length === 0 ? 'the newest has a mistake' : errors.toSorted().join('; ')
}

/**
 * GatewayClassStatus.supportedFeatures: features of the Gateway API (its package `pkg/features`) whose tests
 * of the official conformance suite pass. In ascending order, as the field asks (GEP-2162).
 */
const supportedFeatures: readonly string[] = [
  'GRPCRoute',
  'GRPCRouteNamedRouteRule',
  'Gateway',
  'GatewayHTTPListenerIsolation',
  'GatewayPort8080',
  'HTTPRoute',
  'HTTPRoute303RedirectStatusCode',
  'HTTPRoute307RedirectStatusCode',
  'HTTPRoute308RedirectStatusCode',
  'HTTPRouteBackendProtocolH2C',
  'HTTPRouteBackendProtocolWebSocket',
  'HTTPRouteBackendRequestHeaderModification',
  'HTTPRouteBackendTimeout',
  'HTTPRouteCORS',
  'HTTPRouteDestinationPortMatching',
  'HTTPRouteHostRewrite',
  'HTTPRouteMethodMatching',
  'HTTPRouteNamedRouteRule',
  'HTTPRouteParentRefPort',
  'HTTPRoutePathRedirect',
  'HTTPRoutePathRewrite',
  'HTTPRoutePortRedirect',
  'HTTPRouteQueryParamMatching',
  'HTTPRouteRequestMirror',
  'HTTPRouteRequestMultipleMirrors',
  'HTTPRouteRequestPercentageMirror',
  'HTTPRouteRequestTimeout',
  'HTTPRouteResponseHeaderModification',
  'HTTPRouteRetry',
  'HTTPRouteSchemeRedirect',
  'Mesh',
  'MeshConsumerRoute',
  'MeshHTTPRouteBackendRequestHeaderModification',
  'MeshHTTPRouteNamedRouteRule',
  'MeshHTTPRouteQueryParamMatching',
  'MeshHTTPRouteRedirectPath',
  'MeshHTTPRouteRedirectPort',
  'MeshHTTPRouteRewritePath',
  'MeshHTTPRouteSchemeRedirect',
  'ReferenceGrant',
]
