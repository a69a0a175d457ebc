import type { Hono } from 'hono'
import type { Feed } from './event-stream.ts'
import type { AdminService } from './service.ts'
import type { StaticFile } from './static-files.ts'

/**
 * The additions of one part of the control plane to the admin port. All of them are behind the guard
 * (access.ts).
 */
export interface AdminExtension {
  readonly services?: readonly AdminService[]
  /** Further paths of HTTP. */
  readonly routes?: Hono
  /** Files of a page, by path (`staticFiles`). */
  readonly files?: ReadonlyMap<string, StaticFile>
  /** Streams of server-sent events, for a page of this origin. */
  readonly feeds?: readonly Feed[]
}
