import { z } from 'zod'
import { message } from '../../../manifest/message.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import type { Condition, ObjectStatus } from '../../../model/condition.ts'
import type { Applicability, RouteTable } from '../../../model/route.ts'
import type { Visibility } from '../../../model/visibility.ts'
import { portNumber } from '../../reading/constraint.ts'
import type { ObjectLookup } from '../../dialect.ts'
import type { Report } from '../../reading/report.ts'
import { notAccepted } from '../conditions.ts'
import {
  gatewayApiGroup,
  group,
  hostname,
  kind,
  namespaceName,
  objectName,
  sectionName,
} from '../constraint.ts'
import { controllerOfGateway, controllerOfUnknown, meshController } from '../gateway/controller.ts'
import type { Controller } from '../gateway/controller.ts'
import { gatewayTables, noteUntakenHostnames } from './gateway-hosts.ts'
import { gatewayParent } from './gateway-parent.ts'
import { unknownParent } from './parent.ts'
import type { FoundParent, ParentSite } from './parent.ts'
import { noteIgnoredHostnames, serviceParent } from './service-parent.ts'

const parentReference = message({
  group: group.default(gatewayApiGroup),
  kind: kind.default('Gateway'),
  name: objectName,
  namespace: namespaceName.optional(),
  sectionName: sectionName.optional(),
  port: portNumber.optional(),
})

/** The Gateway API's ParentReference. */
export type ParentReference = z.infer<typeof parentReference>

/** `spec.parentRefs` of a route; `parts` of a decoder may leave out `parentRefs.*`. */
export const parentReferences = z
  .array(parentReference.optional())
  .max(32)
  .superRefine((references, context) => {
    references.forEach((reference, index) => {
      const first = references.findIndex(
        (other) => other !== undefined && reference !== undefined && isOverlapping(other, reference),
      )
      if (reference === undefined || first < 0 || first >= index) return
      context.addIssue({
        code: 'custom',
        path: [index],
        message: `is for the parent of parentRefs[${first}], too`,
        params: { hint: 'give each a sectionName, or each a port, of its own' },
      })
    })
  })

/** References to one parent must distinguish its parts, all in the same way. */
function isOverlapping(a: ParentReference, b: ParentReference): boolean {
  if (a.group !== b.group || a.kind !== b.kind || a.name !== b.name || a.namespace !== b.namespace)
    return false
  const alike =
    (a.sectionName === undefined) === (b.sectionName === undefined) &&
    (a.port === undefined) === (b.port === undefined)
  return !alike || (a.sectionName === b.sectionName && a.port === b.port)
}

/** `spec.hostnames` of a route; `parts` of a decoder may leave out `hostnames.*`. */
export const hostnames = z.array(hostname.optional()).max(16)

/** A route's parent references and hostnames, decoded. */
export interface Belonging {
  readonly manifest: Manifest
  readonly parentRefs: readonly (ParentReference | undefined)[]
  readonly hostnames: readonly (string | undefined)[]
}

export interface Parents {
  /** Whether all parents are Gateways of other controllers. */
  readonly belongs: 'here' | 'to others'
  /** One for each set of hosts and attachments; empty if no parent accepts the route. */
  readonly tables: readonly ParentTable[]
  /**
   * One for each parent. `own` are the route's conditions with respect to all of them: ResolvedRefs, and
   * Accepted if it is False because of the route itself.
   */
  statuses(own: readonly Condition[]): readonly ObjectStatus[]
}

/** The parts of a RouteTable that come from the route's parents; `applies` is for each of its routes. */
export interface ParentTable {
  readonly kind: 'gateway' | 'mesh'
  readonly attachedTo: RouteTable['attachedTo']
  readonly hosts: RouteTable['hosts']
  readonly applies: Applicability
  readonly visibility: Visibility
  /** The first part of the precedence of its routes. */
  readonly rank?: string
  /** `RouteTable.joins`: consumers' routes do not join those of the producer, which they replace. */
  readonly joins: string
  readonly replaces?: string
}

/**
 * The places where a route applies: listeners of Gateways that accept it, and Services whose requests it
 * routes.
 */
export function parentsOf(route: Belonging, lookup: ObjectLookup, report: Report): Parents {
  const found = route.parentRefs.flatMap((reference, index): readonly OwnedParent[] => {
    if (reference === undefined) return []
    const site = { route, reference, path: ['spec', 'parentRefs', index], lookup, report }
    if (reference.group === gatewayApiGroup && reference.kind === 'Gateway') return [gatewayOf(site)]
    const controller: Controller = { kind: 'ours', name: meshController(lookup.settings) }
    if (reference.group === '' && reference.kind === 'Service')
      return [{ reference, controller, ...serviceParent(site) }]
    return [
      {
        reference,
        controller: controllerOfUnknown(lookup.settings),
        ...unknownParent(site, {
          code: 'parent/invalid-kind',
          field: 'kind',
          message:
            `a route cannot belong to a ${reference.kind} of ` +
            `${reference.group === '' ? 'the core group' : reference.group} here`,
          hint: 'name a Gateway, or a Service with group: ""',
        }),
      },
    ]
  })
  if (route.parentRefs.length === 0)
    report.note('parent/none', ['spec'], {
      message: 'it names no parent, so its rules apply nowhere',
      hint: 'name a Gateway or a Service in parentRefs',
    })
  const places = found.flatMap((each) => each.places)
  noteUntakenHostnames(route, places, report)
  noteIgnoredHostnames(
    route,
    found.map(({ reference }) => reference),
    report,
  )
  return {
    tables: [...gatewayTables(places), ...found.flatMap((each) => each.tables)],
    belongs:
      found.length > 0 && found.every(({ controller }) => controller.kind === 'foreign')
        ? 'to others'
        : 'here',
    statuses: (own) =>
      found.flatMap(({ reference, accepted, controller, places: taking }): readonly ObjectStatus[] =>
        controller.kind !== 'ours'
          ? []
          : [
              {
                object: route.manifest.id,
                parent: parentOf(reference, route.manifest),
                conditions: conditionsOf(accepted, own),
                takenBy: taking.filter(({ common }) => common).map(({ listener }) => listener),
                controller: controller.name,
              },
            ],
      ),
  }
}

interface OwnedParent extends FoundParent {
  readonly reference: ParentReference
  readonly controller: Controller
}

/** A Gateway of another controller is that one's to speak of. */
function gatewayOf(site: ParentSite): OwnedParent {
  const { reference, route, lookup } = site
  const gateway = lookup.manifest({
    group: gatewayApiGroup,
    kind: 'Gateway',
    namespace: reference.namespace ?? route.manifest.id.namespace,
    name: reference.name,
  })
  if (gateway === undefined)
    return { reference, controller: controllerOfUnknown(lookup.settings), ...gatewayParent(site) }
  const controller = controllerOfGateway(gateway, lookup)
  if (controller.kind === 'ours') return { reference, controller, ...gatewayParent(site) }
  return {
    reference,
    controller,
    places: [],
    tables: [],
    accepted: notAccepted('NoMatchingParent', 'it is the Gateway of another controller'),
  }
}

/** The reason of a parent that does not accept the route comes before problems of the route itself. */
function conditionsOf(accepted: Condition, own: readonly Condition[]): readonly Condition[] {
  const ownAccepted = own.find(({ type }) => type === accepted.type)
  const others = own.filter(({ type }) => type !== accepted.type)
  return [accepted.status === 'False' ? accepted : (ownAccepted ?? accepted), ...others]
}

function parentOf(reference: ParentReference, { id }: Manifest): NonNullable<ObjectStatus['parent']> {
  const { sectionName: section, port, name } = reference
  return {
    group: reference.group,
    kind: reference.kind,
    namespace: reference.namespace ?? id.namespace,
    name,
    ...(section === undefined ? {} : { section }),
    ...(port === undefined ? {} : { port }),
  }
}
