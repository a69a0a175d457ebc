import type { Diagnostic, ObjectId, Origin } from '../diagnostics/diagnostic.ts'
import { objectKey } from '../diagnostics/diagnostic.ts'
import { finding } from '../diagnostics/finding.ts'
import { compareText } from './names.ts'
import type { Mirror } from './mirror.ts'
import type { Route, RouteTable } from './route.ts'

/** What mirrors of other objects are attached to: see `attachToObject` and its neighbours. */
export type AttachKey = string & { readonly brand: unique symbol }

/** A mirror declared by another object than the routes that it is for. */
export interface Attachment {
  readonly target: AttachKey
  readonly mirror: Mirror
  /** A route takes its attachments in the order of this key. */
  readonly order: string
  /** Of the attachments with the same word, a route takes only the first; absent: all. */
  readonly oneOf?: string
  /** `forwards`: routes that do not forward are meant to be passed over; absent: they are a mistake. */
  readonly among?: 'forwards'
  readonly origin: Origin
}

/** To all routes of an object, or of one of its rules, by name; of an object that routes name, to those routes (`Route.attachTo`). */
export function attachToObject(object: ObjectId, rule?: string): AttachKey {
  return `object|${objectKey(object)}${rule === undefined ? '' : `#${rule}`}` as AttachKey
}

/** To all routes for a host, written as the routes write it. */
export function attachToHost(host: string): AttachKey {
  return `host|${host.toLowerCase()}` as AttachKey
}

/** To every route there is. */
export const attachToAll = 'all' as AttachKey

/** Every key under which something may be attached to some route of the table, but for `attachToAll`. */
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

/** The table with the mirrors that other objects attach to its routes, after their own. A mirror of what is not forwarded is left out, with a diagnostic. */
export function attach(table: RouteTable, attachedTo: (key: AttachKey) => readonly Attachment[]): Attached {
  const byKey = new Map([attachToAll, ...attachKeys(table)].map((key) => [key, attachedTo(key)] as const).filter(([, attachments]) => attachments.length > 0))
  if (byKey.size === 0) return { table, diagnostics: [] }
  const diagnostics: Diagnostic[] = []
  const routes = table.routes.map((route): Route => {
    const attachments = chosen([attachToAll, ...keysOf(route, table)].flatMap((key) => byKey.get(key) ?? []))
    if (attachments.length === 0) return route
    if (route.action.kind === 'forward') return { ...route, action: { ...route.action, mirrors: [...route.action.mirrors, ...attachments.map(({ mirror }) => mirror)] } }
    diagnostics.push(...attachments.filter(({ among }) => among === undefined).map(({ origin }) => finding('mirror/without-forward', origin, {
      message: `it is attached to a route that answers with ${route.action.kind === 'redirect' ? 'a redirect' : 'a direct response'}, so there is nothing to mirror`,
    })))
    return route
  })
  return { table: { ...table, routes }, diagnostics }
}

function chosen(attachments: readonly Attachment[]): readonly Attachment[] {
  const taken = new Set<string>()
  return [...new Set(attachments)].toSorted((a, b) => compareText(a.order, b.order)).filter(({ oneOf }) => {
    if (oneOf === undefined) return true
    if (taken.has(oneOf)) return false
    taken.add(oneOf)
    return true
  })
}

/** That an attachment finds no route. */
export function unattached({ origin, target }: Attachment): Diagnostic {
  return finding('mirror/attached-to-nothing', origin, {
    message: `no route is there for it (${target.replace('|', ' ')}), so nothing is mirrored`,
    hint: 'name the object, rule or host as its own manifest does, in its namespace',
  })
}
