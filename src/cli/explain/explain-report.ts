import { objectKey, objectName } from '../../diagnostics/diagnostic.ts'
import type { Diagnostic, Origin } from '../../diagnostics/diagnostic.ts'
import type { Pipeline } from '../../pipeline/pipeline.ts'
import type { Route } from '../../simulate/configuration.ts'
import type { Destination, Forwarding, Retries, SimulatedMirror } from '../../simulate/forward.ts'
import { addressOf, portOf } from '../../simulate/listener.ts'
import type { Header, ReceivedRequest } from '../../simulate/request.ts'
import { describeMatch } from '../../simulate/route-match.ts'
import type { Outcome } from '../../simulate/simulation.ts'
import { scopeKey } from '../../xds/scope.ts'
import type { Offline } from '../offline.ts'
import type { ProxyAnswer } from './explain-proxy.ts'

/** An object, as in `VirtualService default/reviews`, and the line if it is known. */
export interface Whence {
  readonly object: string
  readonly file?: string
  readonly line?: number
  readonly column?: number
}

export interface ExplainedRoute {
  /** '' if it has none. */
  readonly name: string
  /** Position in the virtual host, from 0. */
  readonly index: number
  readonly match: string
  /** Absent for routes that no object defines. */
  readonly from?: Whence
}

/** All that `explain` says of one request, as `-o json` prints it. */
export interface Explanation {
  readonly proxy: {
    readonly role: string
    readonly namespace: string
    readonly labels: Readonly<Record<string, string>>
    readonly listensOn: readonly number[]
  }
  readonly listener?: {
    readonly name: string
    readonly address: string
    readonly port: number
    readonly routeConfiguration?: string
  }
  readonly virtualHost?: { readonly name: string; readonly domain: string; readonly from: readonly Whence[] }
  readonly route?: ExplainedRoute & {
    readonly millionths: number
    readonly filters: Readonly<Record<string, unknown>>
  }
  /** Before the route that is taken, and why not. */
  readonly passedOver: readonly (ExplainedRoute & { readonly because: string })[]
  readonly outcome: ExplainedOutcome
  /** The mistakes of the rule that is taken, and the notes on it. */
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

/** A whole object is shown at the line of its name. */
const nameField = ['metadata', 'name'] as const

/** Joins what a proxy does with the lines that say so. */
export function explanation(context: ExplainContext): Explanation {
  const {
    answer: { scope, ports, simulation },
  } = context
  const { listener, routeConfiguration, virtualHost, taken, received } = simulation
  const written = writtenHost(context)
  const originAt = (index: number): Origin | undefined => written?.routes[index]?.origin
  const explained = (route: Route, index: number): ExplainedRoute => ({
    name: route.name ?? '',
    index,
    match: describeMatch(route.match ?? {}),
    ...fromOrigin(originAt(index), context.offline),
  })
  return {
    proxy: { role: scope.role, namespace: scope.namespace, labels: scope.labels, listensOn: ports },
    ...(listener === undefined
      ? {}
      : {
          listener: {
            name: listener.name ?? '',
            address: addressOf(listener),
            port: portOf(listener) ?? 0,
            ...(routeConfiguration === undefined ? {} : { routeConfiguration }),
          },
        }),
    ...(virtualHost === undefined
      ? {}
      : {
          virtualHost: {
            name: shortName(virtualHost.virtualHost.name, routeConfiguration),
            domain: virtualHost.domain,
            from: (written?.origins ?? []).map(({ object }) =>
              whence({ object, path: nameField }, context.offline),
            ),
          },
        }),
    ...(taken === undefined
      ? {}
      : {
          route: {
            ...explained(taken.route, taken.index),
            millionths: taken.millionths,
            filters: taken.filters,
          },
        }),
    passedOver: simulation.passedOver.map(({ route, index, because }) => ({
      ...explained(route, index),
      because,
    })),
    outcome: explainedOutcome(simulation.outcome, received, context),
    diagnostics: taken === undefined ? [] : ofRule(context.offline.diagnostics(), originAt(taken.index)),
  }
}

/**
 * The origins of a virtual host and of its routes; a route that no object defines has an undefined origin.
 */
interface RenderedHost {
  readonly origins: readonly Origin[]
  readonly routes: readonly { readonly origin: Origin | undefined }[]
}

/** The chosen virtual host before it became a message: each route has the index that the simulator gives. */
function writtenHost({ pipeline, answer: { scope, simulation } }: ExplainContext): RenderedHost | undefined {
  const { routeConfiguration, virtualHost } = simulation
  if (virtualHost === undefined) return undefined
  return pipeline.read.get(
    pipeline.virtualHosts,
    `${scopeKey(scope)}|${routeConfiguration}|${shortName(virtualHost.virtualHost.name, routeConfiguration)}`,
  )
}

function fromOrigin(origin: Origin | undefined, offline: Offline): { readonly from?: Whence } {
  return origin === undefined ? {} : { from: whence(origin, offline) }
}

function whence(origin: Origin, { locate }: Offline): Whence {
  const object = `${origin.object.kind} ${objectName(origin.object)}`
  const place = locate(origin)
  return place === undefined
    ? { object }
    : { object, file: place.file, line: place.line, column: place.column }
}

function ofRule(diagnostics: readonly Diagnostic[], route: Origin | undefined): readonly Diagnostic[] {
  return route === undefined
    ? []
    : diagnostics.filter(({ origin }) => origin !== undefined && isOfRule(origin, route))
}

/** A rule is the first list entry on the way to the route's match. */
function isOfRule(found: Origin, route: Origin): boolean {
  const end = route.path.findIndex((step) => typeof step === 'number') + 1
  const rule = route.path.slice(0, end)
  return (
    objectKey(found.object) === objectKey(route.object) &&
    end > 0 &&
    rule.every((step, index) => found.path[index] === step)
  )
}

/** A separate virtual host is named `<route configuration>/<virtual host>`. */
function shortName(name = '', routeConfiguration = ''): string {
  return name.startsWith(`${routeConfiguration}/`) ? name.slice(routeConfiguration.length + 1) : name
}

function explainedOutcome(
  outcome: Outcome,
  received: ReceivedRequest | undefined,
  context: ExplainContext,
): ExplainedOutcome {
  return outcome.kind === 'forward'
    ? explainedForward(outcome.forwarding, received?.headers ?? [], context)
    : outcome
}

function explainedForward(
  forwarding: Forwarding,
  headers: readonly Header[],
  { pipeline, offline }: ExplainContext,
): ExplainedForward {
  const { destinations, totalWeight, mirrors, timeout, retries } = forwarding
  const originOf = ({ runtimeKey }: SimulatedMirror): Origin | undefined =>
    pipeline.read.get(pipeline.mirrors, runtimeKey)?.[0]?.origin
  return {
    kind: 'forward',
    destinations: destinations.map(({ headers: sent, ...destination }) => ({
      ...destination,
      share: destination.weight / totalWeight,
      headersSet: sent.filter(
        ([name, value]) => !headers.some((header) => header[0] === name && header[1] === value),
      ),
      headersRemoved: headers
        .map(([name]) => name)
        .filter((name) => !sent.some((header) => header[0] === name)),
    })),
    mirrors: mirrors.map((mirror) => ({ ...mirror, ...fromOrigin(originOf(mirror), offline) })),
    timeout,
    retries: retries ?? null,
  }
}
