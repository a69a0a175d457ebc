import { objectName } from '../diagnostics/diagnostic.ts'
import type { Diagnostic, Origin } from '../diagnostics/diagnostic.ts'
import type { Pipeline } from '../pipeline.ts'
import type { Route } from '../simulate/configuration.ts'
import type { Destination, Forwarding, Retries, SimulatedMirror } from '../simulate/forward.ts'
import { addressOf, portOf } from '../simulate/listener.ts'
import type { Header, ReceivedRequest } from '../simulate/request.ts'
import { describeMatch } from '../simulate/route-match.ts'
import type { Outcome } from '../simulate/simulation.ts'
import type { Offline } from './offline.ts'
import type { ProxyAnswer } from './explain-proxy.ts'
import { routeOrigins } from './explain-origin.ts'

/** Where something stands: `VirtualService default/reviews`, and the line where that is known. */
export interface Whence {
  readonly object: string
  readonly file?: string
  readonly line?: number
  readonly column?: number
}

export interface ExplainedRoute {
  /** '' where it has none. */
  readonly name: string
  /** Position in the virtual host, from 0. */
  readonly index: number
  readonly match: string
  /** Absent for routes that stand for no object. */
  readonly from?: Whence
}

/** All that `explain` says of one request, as `-o json` prints it. */
export interface Explanation {
  readonly proxy: { readonly role: string; readonly namespace: string; readonly labels: Readonly<Record<string, string>>; readonly listensOn: readonly number[] }
  readonly listener?: { readonly name: string; readonly address: string; readonly port: number; readonly routeConfiguration?: string }
  readonly virtualHost?: { readonly name: string; readonly domain: string; readonly from: readonly Whence[] }
  readonly route?: ExplainedRoute & { readonly millionths: number; readonly filters: Readonly<Record<string, unknown>> }
  /** Before the route that is taken, and why not. */
  readonly passedOver: readonly (ExplainedRoute & { readonly because: string })[]
  readonly outcome: ExplainedOutcome
  /** What is wrong with, or worth knowing of, the rule that is taken. */
  readonly diagnostics: readonly Diagnostic[]
}

export type ExplainedOutcome = Exclude<Outcome, { readonly kind: 'forward' }> | ExplainedForward

export interface ExplainedForward {
  readonly kind: 'forward'
  readonly destinations: readonly ExplainedDestination[]
  readonly mirrors: readonly (SimulatedMirror & { readonly from?: Whence })[]
  readonly timeout: string
  readonly retries: Retries | null
}

export interface ExplainedDestination extends Omit<Destination, 'headers'> {
  /** Parts of one, of the requests that take the route. */
  readonly share: number
  /** Headers that differ from those that came. */
  readonly headersSet: readonly Header[]
  readonly headersRemoved: readonly string[]
}

export interface ExplainContext {
  readonly pipeline: Pipeline
  readonly offline: Offline
  readonly answer: ProxyAnswer
}

/** An object as a whole is shown where its name stands. */
const nameField = ['metadata', 'name'] as const

/** Joins what a proxy does with the lines that say so. */
export function explanation(context: ExplainContext): Explanation {
  const { answer: { scope, ports, simulation } } = context
  const { listener, routeConfiguration, virtualHost, taken, received } = simulation
  const origins = originsOf(context)
  const explained = (route: Route, index: number): ExplainedRoute => ({
    name: route.name ?? '', index, match: describeMatch(route.match ?? {}), ...fromOrigin(origins.routes.get(index) ?? objectOf(route, origins.objects), context.offline),
  })
  const own = taken === undefined ? undefined : origins.routes.get(taken.index)
  return {
    proxy: { role: scope.role, namespace: scope.namespace, labels: scope.labels, listensOn: ports },
    ...(listener === undefined ? {} : { listener: {
      name: listener.name ?? '', address: addressOf(listener), port: portOf(listener) ?? 0, ...(routeConfiguration === undefined ? {} : { routeConfiguration }),
    } }),
    ...(virtualHost === undefined ? {} : { virtualHost: {
      name: shortName(virtualHost.virtualHost.name, routeConfiguration), domain: virtualHost.domain, from: origins.objects.map(({ object }) => whence({ object, path: nameField }, context.offline)),
    } }),
    ...(taken === undefined ? {} : { route: { ...explained(taken.route, taken.index), millionths: taken.millionths, filters: taken.filters } }),
    passedOver: simulation.passedOver.map(({ route, index, because }) => ({ ...explained(route, index), because })),
    outcome: explainedOutcome(simulation.outcome, received, context),
    diagnostics: own === undefined ? [] : context.offline.diagnostics().filter(({ origin }) => origin !== undefined && isOfRule(origin, own)),
  }
}

interface Origins {
  readonly routes: ReadonlyMap<number, Origin>
  /** Of the virtual host. */
  readonly objects: readonly Origin[]
}

function originsOf({ pipeline, answer: { scope, resources, simulation } }: ExplainContext): Origins {
  const { virtualHost } = simulation
  const resource = resources.find((each) => each.type === 'virtual-host' && each.name === virtualHost?.virtualHost.name)
  if (resource === undefined || virtualHost === undefined) return { routes: new Map(), objects: [] }
  return { routes: routeOrigins(pipeline, { resource, virtualHost: virtualHost.virtualHost }, scope), objects: resource.origins }
}

/** The object that a route's metadata names, for a route whose line is not found. */
function objectOf({ metadata }: Route, objects: readonly Origin[]): Origin | undefined {
  const paths = Object.values(metadata?.filter_metadata ?? {}).map(({ config }) => String(config))
  const found = objects.find(({ object }) => paths.some((path) => path.includes(`/namespaces/${object.namespace}/`) && path.endsWith(`/${object.name}`)))
  return found === undefined ? undefined : { object: found.object, path: nameField }
}

function fromOrigin(origin: Origin | undefined, offline: Offline): { readonly from?: Whence } {
  return origin === undefined ? {} : { from: whence(origin, offline) }
}

function whence(origin: Origin, { locate }: Offline): Whence {
  const object = `${origin.object.kind} ${objectName(origin.object)}`
  const place = locate(origin)
  return place === undefined ? { object } : { object, file: place.file, line: place.line, column: place.column }
}

/** A rule is the first list entry on the way to the route's match. */
function isOfRule(found: Origin, route: Origin): boolean {
  const end = route.path.findIndex((step) => typeof step === 'number') + 1
  const rule = route.path.slice(0, end)
  return JSON.stringify(found.object) === JSON.stringify(route.object) && end > 0 && rule.every((step, index) => found.path[index] === step)
}

/** As a resource of its own a virtual host is named `<route configuration>/<virtual host>`. */
function shortName(name = '', routeConfiguration = ''): string {
  return name.startsWith(`${routeConfiguration}/`) ? name.slice(routeConfiguration.length + 1) : name
}

function explainedOutcome(outcome: Outcome, received: ReceivedRequest | undefined, context: ExplainContext): ExplainedOutcome {
  return outcome.kind === 'forward' ? explainedForward(outcome.forwarding, received?.headers ?? [], context) : outcome
}

function explainedForward({ destinations, totalWeight, mirrors, timeout, retries }: Forwarding, headers: readonly Header[], { pipeline, offline }: ExplainContext): ExplainedForward {
  return {
    kind: 'forward',
    destinations: destinations.map(({ headers: sent, ...destination }) => ({
      ...destination,
      share: destination.weight / totalWeight,
      headersSet: sent.filter(([name, value]) => !headers.some((header) => header[0] === name && header[1] === value)),
      headersRemoved: headers.map(([name]) => name).filter((name) => !sent.some((header) => header[0] === name)),
    })),
    mirrors: mirrors.map((mirror) => ({ ...mirror, ...fromOrigin(pipeline.read.get(pipeline.mirrors, mirror.runtimeKey)?.[0]?.origin, offline) })),
    timeout,
    retries: retries ?? null,
  }
}
