import type { Diagnostic, ObjectId } from '../../diagnostics/diagnostic.ts'
import { finding, nameOf } from '../../diagnostics/finding.ts'
import type { Service } from '../../model/backend.ts'
import type { GatewayListener } from '../../model/gateway.ts'
import type { Labels } from '../../model/labels.ts'
import type { Protection, ProtectionTarget } from '../../model/protection.ts'

/** The served objects that a policy may apply to. */
export interface Served {
  /** `namespace` undefined: of every namespace. */
  services(namespace: string | undefined): readonly Service[]
  listeners(): readonly GatewayListener[]
  /** Whether proxies are given anything that was made from the object. */
  has(id: ObjectId): boolean
  selected(of: Omit<ObjectId, 'name'>, labels: Labels): readonly ObjectId[]
}

/**
 * Says which traffic is served without a policy; a policy that applies to nothing that is served is only a
 * note.
 */
export function protectionFindings(
  { missing, targets, origin }: Protection,
  served: Served,
): readonly Diagnostic[] {
  const names = [...new Set(targets.flatMap((target) => namesOf(target, served)))].toSorted()
  if (names.length === 0)
    return [
      finding('manifest/unclaimed-kind', origin, {
        message: `${missing}, and it applies to nothing that is served`,
      }),
    ]
  const isAny = names.includes('')
  return [
    finding('route/unprotected', origin, {
      message: `${missing}: requests${isAny ? '' : ` to ${listed(names)}`} are served without it`,
      hint: 'enforce it in front of these proxies or in the applications behind them',
    }),
  ]
}

type Workloads = Extract<ProtectionTarget, { readonly kind: 'workloads' }>

const mostNamed = 3

function listed(names: readonly string[]): string {
  const rest = names.length - mostNamed
  if (rest > 0) return `${names.slice(0, mostNamed).join(', ')} and ${rest} more`
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`
}

/** Names of the served objects that the target may include; '' means everything. */
function namesOf(target: ProtectionTarget, served: Served): readonly string[] {
  switch (target.kind) {
    case 'everything':
      return served.listeners().length > 0 || served.services(undefined).length > 0 ? [''] : []
    case 'object':
      return served.has(target.id) ? [nameOf({ object: target.id })] : []
    case 'selected':
      return served
        .selected(target.of, target.labels)
        .filter((id) => served.has(id))
        .map((object) => nameOf({ object }))
    case 'workloads':
      return workloadsOf(target, served)
  }
}

/**
 * The objects that share a label with the policy. If there are none: those whose workloads may still have its
 * labels.
 */
function workloadsOf(target: Workloads, served: Served): readonly string[] {
  const { namespace, labels } = target
  const services = served.services(namespace).filter((service) => mayBeBehind(service, labels))
  const listeners = served.listeners().filter((listener) => mayBeServedBy(listener, target))
  const likely = [...services, ...listeners].filter(({ selector }) => sharesLabel(selector ?? {}, labels))
  return (likely.length > 0 ? likely : [...services, ...listeners]).map(({ origin }) => nameOf(origin))
}

function sharesLabel(labels: Labels, others: Labels): boolean {
  return Object.entries(others).some(([name, value]) => labels[name] === value)
}

/** Whether a workload with the labels may answer for the service; one without a selector does not say. */
function mayBeBehind({ selector, external, namedBy }: Service, labels: Labels): boolean {
  return !external && namedBy === undefined && (selector === undefined || !contradicts(selector, labels))
}

/**
 * The namespace of a Gateway's proxies is not known: a policy beside the Gateway, or with a label of its
 * selector, may apply to them.
 */
function mayBeServedBy(
  { selector, namespace: own }: GatewayListener,
  { namespace, labels }: Workloads,
): boolean {
  if (contradicts(selector, labels)) return false
  return namespace === undefined || namespace === own || sharesLabel(selector, labels)
}

function contradicts(labels: Labels, others: Labels): boolean {
  return Object.entries(others).some(([name, value]) => Object.hasOwn(labels, name) && labels[name] !== value)
}
