import type { Origin } from '../diagnostics/diagnostic.ts'
import type { AttachKey } from './attach.ts'
import type { BackendReference } from './backend.ts'
import type { Millionths } from './fraction.ts'
import type { Mirror } from './mirror.ts'
import type { Visibility } from './visibility.ts'

/**
 * Routes for some hosts, attached to the mesh or to gateways: what one VirtualService, HTTPRoute or Mapping
 * becomes.
 */
export interface RouteTable {
  readonly namespace: string
  readonly name: string
  /** Lower case; may begin with `*`. */
  readonly hosts: readonly { readonly host: string; readonly origin: Origin }[]
  /** `mesh`, or `<namespace>/<name>` of a gateway. */
  readonly attachedTo: readonly string[]
  readonly visibility: Visibility
  /** Tables for one host are taken in the order of this key. */
  readonly order: string
  /**
   * Absent: on sidecars the first table of a host has it alone, on gateways tables follow each other. Tables
   * that name the same word act as one wherever they share a host: their routes are sorted by `precedence`.
   */
  readonly joins?: string
  /**
   * `joins` of the tables that this one replaces for some proxies. That they have no effect there is
   * intended.
   */
  readonly replaces?: string
  readonly routes: readonly Route[]
  readonly origin: Origin
}

/** The proxies and listeners for which a route exists at all. Absent: for every one. */
export interface Applicability {
  readonly port?: number
  readonly attachedTo?: readonly string[]
  readonly proxyLabels?: Readonly<Record<string, string>>
  readonly proxyNamespace?: string
}

export interface Route {
  readonly name: string
  readonly match: Match
  readonly applies: Applicability
  /** Rank among the routes of joined tables: a lower key, by code unit, takes precedence. */
  readonly precedence?: string
  /** Further keys under which other objects may attach mirrors to it (`Attachment`). */
  readonly attachTo?: readonly AttachKey[]
  readonly action: Action
  readonly headers: HeaderChanges
  readonly fault: Fault | undefined
  readonly cors: CorsPolicy | undefined
  readonly statPrefix: string | undefined
  /**
   * Path of the object in the API server, shown as the route's metadata in the config dump; the key is the
   * dialect's.
   */
  readonly metadata: { readonly namespace: string; readonly config: string }
  readonly origin: Origin
}

export type StringMatch =
  { readonly kind: 'exact' | 'prefix' | 'regex'; readonly value: string } | { readonly kind: 'present' }

export interface HeaderMatch {
  readonly name: string
  readonly match: StringMatch
  readonly invert: boolean
}

export interface Match {
  /**
   * `segments`: a prefix that ends at the end of a segment, without a final slash: `/a` matches `/a` and
   * `/a/b`, not `/ab`.
   */
  readonly path: { readonly kind: 'exact' | 'prefix' | 'segments' | 'regex'; readonly value: string }
  /** Absent: not set (Envoy matches case-sensitively). */
  readonly caseSensitive: boolean | undefined
  /** Sorted by name; pseudo headers last. */
  readonly headers: readonly HeaderMatch[]
  /** Sorted by name. */
  readonly queryParameters: readonly { readonly name: string; readonly match: StringMatch }[]
}

/** Only a forward can mirror: the type cannot express a mirror on a redirect. */
export type Action = Forward | Redirect | DirectResponse

export interface Forward {
  readonly kind: 'forward'
  readonly destinations: readonly Destination[]
  readonly mirrors: readonly Mirror[]
  /** Milliseconds; 0 means without a timeout. */
  readonly timeout: number
  /** The field that sets no timeout; absent if none does. */
  readonly noTimeout?: Origin
  readonly retry: RetryPolicy | 'default' | 'never'
  readonly rewrite: Rewrite
  /** The status for a missing destination; absent: 503. */
  readonly missingStatus?: 500
}

export interface Destination {
  readonly backend: BackendReference
  /** Share among the destinations of the route; ignored if there is only one. */
  readonly weight: number
  readonly headers: HeaderChanges
  /** Host that requests to this destination carry, unless the route rewrites it. */
  readonly authority: string | undefined
}

export interface Rewrite {
  readonly prefix?: string
  readonly regex?: { readonly pattern: string; readonly substitution: string }
  readonly authority?: string
  /** Whether the user wrote a rewrite at all, or only a header that amounts to one. */
  readonly explicit: boolean
}

/**
 * Deliberate failures, each for a share of the requests. Envoy draws separately for the delay and the abort.
 */
export interface Fault {
  readonly delay: { readonly duration: number; readonly fraction: Millionths } | undefined // milliseconds
  readonly abort:
    | {
        readonly status: { readonly kind: 'http' | 'grpc'; readonly code: number }
        readonly fraction: Millionths
      }
    | undefined
}

/**
 * The pages of other origins that may use the route from a browser (Cross-Origin Resource Sharing). An empty
 * list sets nothing.
 */
export interface CorsPolicy {
  readonly origins: readonly Exclude<StringMatch, { readonly kind: 'present' }>[]
  readonly methods: readonly string[]
  readonly headers: readonly string[]
  readonly exposedHeaders: readonly string[]
  readonly maxAge: number | undefined // seconds
  readonly credentials: boolean | undefined
  /** The handling of a preflight request from another origin. */
  readonly unmatchedPreflights: 'forward' | 'answer'
}

export interface RetryPolicy {
  readonly attempts: number
  /** Envoy's retry_on, comma-separated. */
  readonly retryOn: string
  readonly statusCodes: readonly number[]
  readonly perTryTimeout: number | undefined // milliseconds
  readonly backoff: number | undefined // milliseconds
  /** Undefined: true, except if a consistent hash would only find the same host again. */
  readonly ignorePreviousHosts: boolean | undefined
  readonly otherLocalities: boolean
}

export interface Redirect {
  readonly kind: 'redirect'
  readonly host: string | undefined
  readonly path:
    | { readonly kind: 'path' | 'prefix'; readonly value: string }
    | { readonly kind: 'regex'; readonly pattern: string; readonly substitution: string }
    | undefined
  readonly scheme: 'http' | 'https' | undefined
  /** Absent: the default of the scheme. */
  readonly port: number | 'of the listener' | undefined
  readonly code: 301 | 302 | 303 | 307 | 308
}

export interface DirectResponse {
  readonly kind: 'direct-response'
  readonly status: number
  readonly body: { readonly text: string } | { readonly base64: string } | undefined
}

/** Header operations, in the order in which Envoy applies them. */
export interface HeaderChanges {
  readonly request: HeaderOperations
  readonly response: HeaderOperations
}

export interface HeaderOperations {
  readonly set: Readonly<Record<string, string>>
  readonly add: Readonly<Record<string, string>>
  readonly remove: readonly string[]
}

const none: HeaderOperations = { set: {}, add: {}, remove: [] }

export const noHeaderChanges: HeaderChanges = { request: none, response: none }
