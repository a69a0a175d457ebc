import { Hono } from 'hono'
import type { Context } from 'hono'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { secureHeaders } from 'hono/secure-headers'
import { answerOf, revalidated, textOf } from './answer.ts'
import { isOpenPath, refusal } from './access.ts'
import type { AdminAccess, Entry } from './access.ts'
import { ApiError, apiError, httpStatus } from './api-error.ts'
import { EventStreams } from './event-stream.ts'
import type { AdminExtension } from './extension.ts'
import { errorAnswer, jsonRoutes } from './json-routes.ts'
import { apiPrefix } from './service.ts'
import type { StaticFile } from './static-files.ts'

/** The facts about a request that the guard needs and that are not in its headers. */
export interface Asked {
  readonly entry: Entry
  /** `Host` of HTTP/1, `:authority` of HTTP/2. */
  readonly host: string | undefined
}

export interface AdminApp {
  /** Never rejects. */
  readonly fetch: (request: Request, asked: Asked) => Response | Promise<Response>
  /** Ends the event streams. */
  close(): void
}

/** Streams of events at a time, of all readers. */
const mostEventStreams = 64

type AppContext = Context<{ Bindings: Asked }>

/** The HTTP side of the admin port: the guard, and behind it what the extensions add. */
export function createApp(extensions: readonly AdminExtension[], access: AdminAccess): AdminApp {
  const app = new Hono<{ Bindings: Asked }>()
  const streams = new EventStreams(mostEventStreams)
  const services = extensions.flatMap((each) => each.services ?? [])
  app.use(secureHeaders(headers), async (c, next) => {
    await next()
    if (!c.res.headers.has('cache-control')) c.header('cache-control', 'no-store')
  })
  app.use(async (c, next) => {
    const refused = isOpenPath(c.req.path, access) ? undefined : refusal(callerOf(c), access)
    if (refused !== undefined) return failure(c, refused)
    return next()
  })
  app.use(async (c, next) => {
    const { pathname } = new URL(c.req.url)
    if (!isDecodable(pathname))
      return failure(c, new ApiError('INVALID_ARGUMENT', `${pathname} is not percent-encoded correctly`))
    return next()
  })
  app.use(methodNotAllowed({ app, onMethodNotAllowed }))
  app.route('/', jsonRoutes(services))
  for (const { routes, files, feeds = [] } of extensions) {
    if (routes !== undefined) app.route('/', routes)
    for (const [path, file] of files ?? []) app.get(path, (c) => fileAnswer(c.req.raw, file))
    for (const feed of feeds) app.get(feed.path, (c) => streams.answer(feed, c.req.raw))
  }
  app.notFound((c) => failure(c, notFound(c, extensions)))
  app.onError((error, c) => failure(c, apiError(error)))
  return {
    fetch: (request, asked) => app.fetch(request, asked),
    close: () => {
      streams.close()
    },
  }
}

/** A page of this origin may load what is on this port, and nothing else; no other page may embed it. */
const headers = {
  contentSecurityPolicy: {
    defaultSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  },
  strictTransportSecurity: false,
}

function callerOf({ req, env }: AppContext): Parameters<typeof refusal>[0] {
  return {
    ...env,
    authorization: req.header('authorization'),
    origin: req.header('origin'),
    site: req.header('sec-fetch-site'),
  }
}

/** In the API a google.rpc.Status; elsewhere one line for people. */
function failure({ req }: AppContext, error: ApiError): Response {
  const answer = req.path.startsWith(apiPrefix)
    ? errorAnswer(error)
    : answerOf({ ...textOf(error.message), status: httpStatus(error) })
  if (error.code === 'UNAUTHENTICATED') answer.headers.set('www-authenticate', 'Bearer')
  return answer
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}

function onMethodNotAllowed(c: AppContext, methods: readonly string[]): Response {
  const others = methods.filter((method) => method !== 'HEAD')
  const message = `${c.req.method} is not answered here: use ${others.join(' or ')}`
  const answer = c.req.path.startsWith(apiPrefix)
    ? errorAnswer(new ApiError('INVALID_ARGUMENT', message))
    : answerOf({ ...textOf(message), status: 405 })
  answer.headers.set('allow', methods.join(', '))
  return answer
}

function notFound({ req }: AppContext, extensions: readonly AdminExtension[]): ApiError {
  if (req.path.startsWith(apiPrefix)) {
    const methods = extensions.flatMap(({ services = [] }) => services.flatMap((each) => each.methods))
    const { pathname, search } = new URL(req.url)
    const paths = methods.map(({ verb, path }) => `${verb} ${path}`).join(', ')
    return new ApiError('NOT_FOUND', `no such path: ${pathname}${search}; there are ${paths}`)
  }
  const paths = extensions.flatMap(({ routes }) => routes?.routes ?? []).map(({ path }) => shown(path))
  return new ApiError(
    'NOT_FOUND',
    `no such path: ${req.path}\nthere are ${[...new Set(paths)].toSorted().join(', ')}`,
  )
}

/** A route's path as people write it: `/status/proxies/:id{.+}` is `/status/proxies/ID`. */
function shown(path: string): string {
  return path.replace(/:(\w+)(\{[^}]*\})?/g, (_, name: string) => name.toUpperCase())
}

function fileAnswer(request: Request, { mediaType, bytes, etag }: StaticFile): Response {
  return revalidated(request, { mediaType, body: bytes, etag, headers: { 'cache-control': 'no-cache' } })
}
