import type { Diagnostic, ObjectId, Origin } from '../diagnostics/diagnostic.ts'
import { objectKey } from '../diagnostics/diagnostic.ts'
import { finding } from '../diagnostics/finding.ts'
import { compareText } from './names.ts'
import type { Mirror } from './mirror.ts'
import type { Forward, Route, RouteTable } from './route.ts'
import { withSettings } from './route-settings.ts'
import type { RouteSettings } from './route-settings.ts'

/**
 * The key of the routes that mirrors of other objects are attached to: see `attachToObject` and its
 * neighbours.
 */
export type AttachKey = string & { readonly brand: unique symbol }

/** A mirror, and settings, declared by another object than the routes that they are for. */
export interface Attachment {
  readonly target: AttachKey
  /** Absent: the attachment adds no mirror, and with `oneOf` no other attachment may add one. */
  readonly mirror?: Mirror
  /** Settings for fields that neither the route nor an earlier attachment sets. */
  readonly settings?: RouteSettings
  /** A route takes its attachments in the order of this key. */
  readonly order: string
  /** A route takes the mirror of only the first attachment with the same word; absent: the mirrors of all. */
  readonly oneOf?: string
  /** `forwards`: routes that do not forward are skipped on purpose; absent: they are a mistake. */
  readonly among?: 'forwards'
  /** An attachment without a route is right, because its object has others. */
  readonly optional?: true
  readonly origin: Origin
}

/**
 * The key of all routes of an object, or of one of its rules by name; or of the routes that name the object
 * (`Route.attachTo`).
 */
export function attachToObject(object: ObjectId, rule?: string): AttachKey {
  return `object|${objectKey(object)}${rule === undefined ? '' : `#${rule}`}` as AttachKey
}

/** The key of all routes for a host, in the spelling of the routes. */
export function attachToHost(host: string): AttachKey {
  return `host|${host.toLowerCase()}` as AttachKey
}

/** The key of every route. */
export const attachToAll = 'all' as AttachKey

/** Every key under which something may be attached to a route of the table, except `attachToAll`. */
export function attachKeys(table: RouteTable): ReadonlySet<AttachKey> {
  return new Set(table.routes.flatMap((route) => keysOf(route, table)))
}

function keysOf({ attachTo = [], name, origin }: Route, table: RouteTable): readonly AttachKey[] {
  const { object } = origin
  const rule = name === '' ? [] : [attachToObject(object, name)]
  return [...attachTo, ...rule, attachToObject(object), ...table.hosts.map(({ host }) => attachToHost(host))]
}

export interface Attached {
  readonly table: RouteTable
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Adds the mirrors and settings that other objects attach to a table's routes, after the routes' own. A
 * mirror on a route that does not forward is left out, with a diagnostic.
 */
export function attach(table: RouteTable, attachedTo: (key: AttachKey) => readonly Attachment[]): Attached {
  const byKey = new Map(
    [attachToAll, ...attachKeys(table)]
      .map((key) => [key, attachedTo(key)] as const)
      .filter(([, attachments]) => attachments.length > 0),
  )
  const diagnostics: Diagnostic[] = []
  if (byKey.size === 0 && !table.routes.some(hasTooMany)) return { table, diagnostics }
  const routes = table.routes.map((route): Route => {
    const attachments = inOrder([attachToAll, ...keysOf(route, table)].flatMap((key) => byKey.get(key) ?? []))
    if (attachments.length === 0) return bounded(route, diagnostics)
    const { action } = route
    const declared = mirrorsIn(attachments)
    if (action.kind !== 'forward')
      diagnostics.push(
        ...declared.filter(({ among }) => among === undefined).map((each) => withoutForward(each, action)),
      )
    const mirrored =
      action.kind === 'forward'
        ? {
            ...route,
            action: { ...action, mirrors: [...action.mirrors, ...declared.map(({ mirror }) => mirror)] },
          }
        : route
    return bounded(
      attachments.reduce(
        (sum, { settings }) => (settings === undefined ? sum : withSettings(sum, settings)),
        mirrored,
      ),
      diagnostics,
    )
  })
  return { table: { ...table, routes }, diagnostics }
}

/**
 * Envoy makes a copy of a request for each mirror, so more of them multiply the traffic and the memory that
 * it takes.
 */
export const mostMirrors = 16

function hasTooMany({ action }: Route): boolean {
  return action.kind === 'forward' && action.mirrors.length > mostMirrors
}

/** The route with the first of its mirrors, if they are too many. */
function bounded(route: Route, diagnostics: Diagnostic[]): Route {
  const { action } = route
  if (action.kind !== 'forward' || action.mirrors.length <= mostMirrors) return route
  const mirrors = action.mirrors.slice(0, mostMirrors)
  diagnostics.push(
    finding('mirror/too-many', action.mirrors[mostMirrors]?.origin ?? route.origin, {
      message:
        `it is mirror ${mostMirrors + 1} of ${action.mirrors.length} of a route, which may have ` +
        `${mostMirrors}; this one and those after it are dropped`,
      hint: 'remove mirrors, or mirror to one service that passes the copies on',
    }),
  )
  return { ...route, action: { ...action, mirrors } }
}

function inOrder(attachments: readonly Attachment[]): readonly Attachment[] {
  return [...new Set(attachments)].toSorted((a, b) => compareText(a.order, b.order))
}

type MirrorAttachment = Attachment & { readonly mirror: Mirror }

/** The attachments whose mirror the route takes. */
function mirrorsIn(attachments: readonly Attachment[]): readonly MirrorAttachment[] {
  const taken = new Set<string>()
  return attachments
    .filter(({ oneOf }) => {
      if (oneOf === undefined) return true
      if (taken.has(oneOf)) return false
      taken.add(oneOf)
      return true
    })
    .filter((each): each is MirrorAttachment => each.mirror !== undefined)
}

function withoutForward({ origin }: Attachment, { kind }: Exclude<Route['action'], Forward>): Diagnostic {
  return finding('mirror/without-forward', origin, {
    message:
      `it is attached to a route that answers with ` +
      `${kind === 'redirect' ? 'a redirect' : 'a direct response'}, so there is nothing to mirror`,
  })
}

/** The finding about an attachment without a route. */
export function unattached({ origin, target, mirror }: Attachment): Diagnostic {
  return finding('mirror/attached-to-nothing', origin, {
    message:
      `no route is there for it (${target.replace('|', ' ')}), so ` +
      (mirror === undefined ? 'it has no effect' : 'nothing is mirrored'),
    hint: 'name the object, rule or host as its own manifest does, in its namespace',
  })
}
