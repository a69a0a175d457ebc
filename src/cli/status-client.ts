import { UsageError } from '../sources/source.ts'

/** An answer of the admin listener; `changed` is false where it is the one that was given before. */
export interface AdminAnswer {
  readonly text: string
  readonly changed: boolean
}

export interface AdminClient {
  /** Rejects with UsageError when the control plane cannot be reached, or says that it was asked something wrong. */
  get(path: string): Promise<AdminAnswer>
}

const bound = 10_000 // milliseconds

/** Asks the admin listener of a running control plane, at `host:port`. An unchanged answer is not sent again (HTTP ETag). */
export function adminClient(server: string): AdminClient {
  const known = new Map<string, { readonly etag: string; readonly text: string }>()
  return {
    async get(path) {
      const before = known.get(path)
      const response = await request(server, path, before?.etag)
      if (response.status === 304 && before !== undefined) return { text: before.text, changed: false }
      const text = await response.text().catch((error: unknown) => { throw unreachable(server, error) })
      if (!response.ok) throw new UsageError(`--server ${server}: ${text.trim()}`)
      const etag = response.headers.get('etag')
      if (etag !== null) known.set(path, { etag, text })
      return { text, changed: true }
    },
  }
}

async function request(server: string, path: string, etag: string | undefined): Promise<Response> {
  try {
    return await fetch(`http://${server}${path}`, { headers: etag === undefined ? {} : { 'if-none-match': etag }, signal: AbortSignal.timeout(bound) })
  } catch (error) {
    throw unreachable(server, error)
  }
}

function unreachable(server: string, error: unknown): UsageError {
  return new UsageError(`--server ${server} cannot be reached (${reasonOf(error)}): is "shadowplane serve" running, and is this the address of its --admin?`)
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause
  if (cause instanceof Error) return 'code' in cause ? String(cause.code) : cause.message
  return error.name === 'TimeoutError' ? `no answer in ${bound / 1000} s` : error.message
}
