import type { Diagnostic, ObjectId, FieldPath } from '../../diagnostics/diagnostic.ts'
import { objectKey } from '../../diagnostics/diagnostic.ts'
import { shortHash } from '../../model/names.ts'
import { noHeaderChanges } from '../../model/route.ts'
import type { Action, Destination, Match, Route } from '../../model/route.ts'
import { withSettings } from '../../model/route-settings.ts'
import type { MirrorOptions } from '../reading/annotation.ts'
import { directResponseOf, redirectOf } from './action.ts'
import { delegatedTables } from './delegate-action.ts'
import { destinationsOf } from './destination.ts'
import { objectId } from './kinds.ts'
import { matchOf } from './matcher.ts'
import { referredTo } from './reference.ts'
import type { Site } from './reference.ts'
import { readRouteOption } from './option/route-option.ts'
import { readRouteOptions } from './option/route-options.ts'
import type { RouteOptions } from './option/route-options.ts'
import type { DeclaredRoute } from './route.ts'
import { staticHostName } from './upstream/static-host.ts'
import { finding } from '../../diagnostics/finding.ts'

/** The context that the routes of one object become part of. */
export interface RoutesContext extends Site {
  readonly options: MirrorOptions
  /** The number of times that a key has been used in this object, from 1. */
  readonly repetition: (key: string) => number
  /**
   * The delegating route; undefined for a VirtualService, and for a RouteTable that is translated by itself.
   */
  readonly parent: Parent | undefined
  /** The decoded routes of a RouteTable, and its context without the parent. */
  readonly readTable: (id: ObjectId) => TableContent | undefined
}

export interface TableContent {
  readonly routes: readonly (DeclaredRoute | undefined)[]
  readonly context: Omit<RoutesContext, 'parent'>
}

export interface Parent {
  readonly match: ParentMatch
  readonly layers: readonly RouteOptions[]
  /** Keys of the objects that delegate, this one's first. */
  readonly chain: readonly string[]
}

/** The routes of a list, and the findings that follow from reading other objects with it. */
export interface Routes {
  readonly routes: readonly Route[]
  readonly diagnostics: readonly Diagnostic[]
  /** Objects that the routes refer to and that have no effect but through such references. */
  readonly delegates: readonly ObjectId[]
}

/**
 * Routes in the order of the list: one for each matcher, and the routes of RouteTables in place of the route
 * that delegates.
 */
export function routesOf(declared: readonly (DeclaredRoute | undefined)[], context: RoutesContext): Routes {
  const all = declared.flatMap((each, index) =>
    each === undefined ? [] : [routeOf(each, { ...context, path: [...context.path, index] })],
  )
  return joined(all)
}

function joined(all: readonly Routes[]): Routes {
  return {
    routes: all.flatMap(({ routes }) => routes),
    diagnostics: all.flatMap(({ diagnostics }) => diagnostics),
    delegates: all.flatMap(({ delegates }) => delegates),
  }
}

function routeOf(declared: DeclaredRoute, context: RoutesContext): Routes {
  const layers = layersOf(declared, context)
  const named = optionRefs(declared, context)
  const inherited = childMatches(matchesOf(declared, context), { declared, context })
  if (declared.delegateAction !== undefined) {
    return delegated(declared, {
      ...context,
      layers,
      named,
      matches: inherited.matches.map(({ match }) => match),
      found: inherited.diagnostics,
    })
  }
  const action = actionOf(declared, { ...context, layers })
  const { id, apiVersion } = context.report.manifest
  const routes = inherited.matches.map(({ match, path }): Route =>
    settled(
      {
        name: declared.name ?? '',
        match,
        applies: {},
        action,
        headers: noHeaderChanges,
        fault: undefined,
        cors: undefined,
        statPrefix: undefined,
        metadata: {
          namespace: 'gloo',
          config: `/apis/${apiVersion}/namespaces/${id.namespace}/${id.kind.toLowerCase()}s/${id.name}`,
        },
        origin: { object: id, path },
      },
      layers,
    ),
  )
  return { routes, diagnostics: inherited.diagnostics, delegates: named }
}

function matchesOf(
  { matchers = [] }: DeclaredRoute,
  { path }: RoutesContext,
): Parameters<typeof childMatches>[0] {
  if (matchers.length === 0) return [{ match: matchOf({}), isWritten: false, path }]
  return matchers.map((each, index) => ({
    match: matchOf(each),
    isWritten: true,
    path: [...path, 'matchers', index],
  }))
}

interface Layered extends RoutesContext {
  readonly layers: readonly RouteOptions[]
}

/**
 * The options of a route in order of precedence: its own, RouteOptions that it names, and the same of the
 * routes that delegate to it.
 */
function layersOf(declared: DeclaredRoute, context: RoutesContext): readonly RouteOptions[] {
  const { namespace, name } = context.report.manifest.id
  const rule =
    declared.name === undefined || declared.name === ''
      ? shortHash(JSON.stringify(declared.matchers ?? []))
      : declared.name
  const runtimeKey = (target: string): string => {
    const key = `shadowplane.mirror.${namespace}.${name}.${rule}.${target}`
    const count = context.repetition(key)
    return count === 1 ? key : `${key}-${count}`
  }
  const own = readRouteOptions(declared.options ?? {}, {
    ...context,
    path: [...context.path, 'options'],
    runtimeKey,
    primaries: primariesOf(declared),
  })
  const named = optionRefs(declared, context).flatMap((id, index) => {
    const manifest = context.lookup.manifest(id)
    if (manifest !== undefined) return [readRouteOption(manifest, context.lookup)]
    context.report.note(
      'delegate/unknown',
      [...context.path, 'optionsConfigRefs', 'delegateOptions', index],
      {
        message: `there is no RouteOption ${id.namespace}/${id.name}: the route has none of its options`,
      },
    )
    return []
  })
  return [own, ...named, ...(context.parent?.layers ?? [])]
}

/** Names of the Upstreams that a route names itself. */
function primariesOf({ routeAction }: DeclaredRoute): readonly string[] | undefined {
  if (routeAction === undefined || routeAction.upstreamGroup !== undefined) return undefined
  return [
    routeAction.single,
    ...(routeAction.multi?.destinations ?? []).map((each) => each?.destination),
  ].flatMap((each) => each?.upstream?.name ?? [])
}

function optionRefs({ optionsConfigRefs }: DeclaredRoute, context: RoutesContext): readonly ObjectId[] {
  return (optionsConfigRefs?.delegateOptions ?? []).map((each) =>
    objectId('RouteOption', referredTo(each, context)),
  )
}

/** The settings of all layers; once one turns CORS off, later ones do not turn it on. */
function settled(route: Route, layers: readonly RouteOptions[]): Route {
  const off = layers.findIndex(({ cors }) => cors === 'off')
  return layers.reduce((sum, { settings }, index) => {
    const { cors: _cors, ...others } = settings
    return withSettings(sum, off >= 0 && index > off ? others : settings)
  }, route)
}

function actionOf(declared: DeclaredRoute, context: Layered): Action {
  const at = (field: string): Site => ({ ...context, path: [...context.path, field] })
  const mirror = context.layers.map((each) => each.mirror).find((each) => each !== undefined)
  if (declared.routeAction !== undefined) {
    return {
      kind: 'forward',
      destinations: withHostName(destinationsOf(declared.routeAction, at('routeAction')), declared, context),
      mirrors: mirror === undefined || mirror === 'none' ? [] : [mirror],
      timeout: 0,
      retry: 'default',
      rewrite: { explicit: false },
    }
  }
  const action =
    declared.redirectAction === undefined
      ? directResponseOf(declared.directResponseAction ?? { status: 500 })
      : redirectOf(declared.redirectAction, at('redirectAction'))
  const [own] = context.layers
  if (own?.mirror !== undefined && own.mirror !== 'none') {
    context.report.note('mirror/without-forward', [...context.path, 'options', 'shadowing'], {
      message:
        `the route answers with ` +
        `${action.kind === 'redirect' ? 'a redirect' : 'a direct response'}, so there is nothing to ` +
        `mirror (Gloo refuses shadowing there)`,
    })
  }
  return action
}

/**
 * Requests to a static Upstream that is a host name get that name as their Host, as in Gloo for a single
 * destination.
 */
function withHostName(
  destinations: readonly Destination[],
  { routeAction }: DeclaredRoute,
  { layers, report, lookup }: Layered,
): readonly Destination[] {
  const upstream = routeAction?.single?.upstream
  const isWanted =
    layers.map(({ autoHostRewrite }) => autoHostRewrite).find((each) => each !== undefined) ?? true
  if (upstream === undefined || !isWanted) return destinations
  const name = staticHostName(lookup.manifest(objectId('Upstream', referredTo(upstream, { report }))))
  return name === undefined ? destinations : destinations.map((each) => ({ ...each, authority: name }))
}

interface Delegating extends Layered {
  readonly named: readonly ObjectId[]
  readonly matches: readonly Match[]
  readonly found: readonly Diagnostic[]
}

function delegated(
  { delegateAction: action, inheritableMatchers, inheritablePathMatchers }: DeclaredRoute,
  context: Delegating,
): Routes {
  const { report, path, layers, named, matches, found, parent } = context
  if (action === undefined) return { routes: [], diagnostics: found, delegates: named }
  const site = { ...context, path: [...path, 'delegateAction'] }
  const chain = [objectKey(report.manifest.id), ...(parent?.chain ?? [])]
  const tables = delegatedTables(action, site)
  const children = tables.flatMap(({ id }) => {
    if (chain.includes(objectKey(id))) {
      report.note('delegate/nested', site.path, {
        message: `RouteTable ${id.namespace}/${id.name} is delegated to by itself: the route has no effect`,
      })
      return []
    }
    const table = context.readTable(id)
    const inheritable = inheritableMatchers ?? parent?.match.inheritable ?? false
    const inheritablePath = inheritablePathMatchers ?? parent?.match.inheritablePath ?? false
    return table === undefined
      ? []
      : matches.map((match) =>
          routesOf(table.routes, {
            ...table.context,
            parent: { match: { match, inheritable, inheritablePath }, layers, chain },
          }),
        )
  })
  return joined([
    { routes: [], diagnostics: found, delegates: [...named, ...tables.map(({ id }) => id)] },
    ...children,
  ])
}

/** The match of a route that delegates, and the parts that the delegated routes inherit. */
interface ParentMatch {
  readonly match: Match
  /** Headers, query parameters and methods. */
  readonly inheritable: boolean
  /** The path, in place of their own. */
  readonly inheritablePath: boolean
}

interface Placed {
  readonly match: Match
  /**
   * Whether the object says it; a route of a RouteTable that says nothing has the match of what delegates to
   * it.
   */
  readonly isWritten: boolean
  readonly path: FieldPath
}

interface Child {
  readonly declared: Pick<DeclaredRoute, 'inheritableMatchers' | 'inheritablePathMatchers' | 'delegateAction'>
  readonly context: Pick<RoutesContext, 'report' | 'parent'>
}

interface ChildMatches {
  readonly matches: readonly Placed[]
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Matches combined with those of the delegating route. A match outside of it is left out, with a diagnostic;
 * Gloo rejects the VirtualService for it.
 */
function childMatches(matches: readonly Placed[], { declared, context }: Child): ChildMatches {
  const { report, parent } = context
  const object = report.manifest.id
  const diagnostics: Diagnostic[] = []
  const kept = matches.flatMap((each): readonly Placed[] => {
    if (declared.delegateAction !== undefined && each.match.path.kind !== 'prefix') {
      diagnostics.push(
        finding(
          'delegate/conflicting-match',
          { object, path: each.path },
          {
            message: 'a route that delegates must match a prefix: it has no effect',
            hint: 'write prefix',
          },
        ),
      )
      return []
    }
    if (parent === undefined) return [each]
    const { match, inheritable, inheritablePath } = parent.match
    const path =
      !each.isWritten || (declared.inheritablePathMatchers ?? inheritablePath) ? match.path : each.match.path
    if (!isBelow(path, match)) {
      diagnostics.push(
        finding(
          'delegate/conflicting-match',
          { object, path: each.path },
          {
            message:
              `path ${path.value} is outside ${match.path.value}, which is all that is delegated ` +
              `to it: it has no effect there`,
            hint: `begin it with ${match.path.value}`,
          },
        ),
      )
      return []
    }
    if (!(declared.inheritableMatchers ?? inheritable)) return [{ ...each, match: { ...each.match, path } }]
    const headers = [...each.match.headers, ...match.headers]
    return [
      {
        ...each,
        match: {
          ...each.match,
          path,
          headers,
          queryParameters: [...each.match.queryParameters, ...match.queryParameters],
        },
      },
    ]
  })
  return { matches: kept, diagnostics }
}

/** This cannot be decided for a regular expression; Gloo requires its beginning as text. */
function isBelow(path: Match['path'], { path: prefix }: Match): boolean {
  return path.value.startsWith(prefix.value)
}
