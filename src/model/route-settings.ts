import type { Origin } from '../diagnostics/diagnostic.ts'
import type { CorsPolicy, Fault, Forward, HeaderChanges, HeaderOperations, Rewrite, Route } from './route.ts'

/**
 * An object's settings for routes, whatever they match and wherever they lead. An absent field sets nothing.
 */
export interface RouteSettings {
  /** Milliseconds; 0 means without a timeout, and then `noTimeout` is present. */
  readonly timeout?: number
  readonly noTimeout?: Origin
  readonly retry?: Forward['retry']
  /** At most one of `prefix` and `regex`. */
  readonly rewrite?: Omit<Rewrite, 'explicit'>
  readonly headers?: HeaderChanges
  readonly fault?: Fault
  readonly cors?: CorsPolicy
}

/**
 * The route with the settings for every field that it does not set. Header changes are joined; the route's
 * own take precedence.
 */
export function withSettings(route: Route, settings: RouteSettings): Route {
  const { action, headers } = route
  return {
    ...route,
    action: action.kind === 'forward' ? forwardWith(action, settings) : action,
    headers: settings.headers === undefined ? headers : joinedHeaders(headers, settings.headers),
    fault: route.fault ?? settings.fault,
    cors: route.cors ?? settings.cors,
  }
}

function forwardWith(forward: Forward, { timeout, noTimeout, retry, rewrite }: RouteSettings): Forward {
  const isTimed = forward.timeout !== 0 || forward.noTimeout !== undefined
  return {
    ...forward,
    ...(isTimed || timeout === undefined
      ? {}
      : { timeout, ...(noTimeout === undefined ? {} : { noTimeout }) }),
    retry: forward.retry === 'default' ? (retry ?? 'default') : forward.retry,
    rewrite: rewrite === undefined ? forward.rewrite : rewriteWith(forward.rewrite, rewrite),
  }
}

function rewriteWith(own: Rewrite, { authority, ...path }: Omit<Rewrite, 'explicit'>): Rewrite {
  const isRewritten = own.prefix !== undefined || own.regex !== undefined
  return {
    ...(isRewritten ? {} : path),
    ...(authority === undefined ? {} : { authority }),
    ...own,
    explicit: true,
  }
}

/** Both changes as one; for the same header the first takes precedence. */
export function joinedHeaders(first: HeaderChanges, second: HeaderChanges): HeaderChanges {
  return {
    request: joinedOperations(first.request, second.request),
    response: joinedOperations(first.response, second.response),
  }
}

function joinedOperations(first: HeaderOperations, second: HeaderOperations): HeaderOperations {
  const named = new Set(
    [...Object.keys(first.set), ...Object.keys(first.add), ...first.remove].map((name) => name.toLowerCase()),
  )
  const others = (values: Readonly<Record<string, string>>) =>
    Object.entries(values).filter(([name]) => !named.has(name.toLowerCase()))
  return {
    set: { ...first.set, ...Object.fromEntries(others(second.set)) },
    add: { ...first.add, ...Object.fromEntries(others(second.add)) },
    remove: [...first.remove, ...second.remove.filter((name) => !named.has(name.toLowerCase()))],
  }
}
