import type { Server } from 'node:net'
import { UsageError } from '../errors.ts'

/**
 * Resolves when the server listens. An address that cannot be had is the user's to change: a UsageError that
 * names it.
 */
export function listening(
  server: Server,
  { host, port, flag = '--admin' }: { readonly host: string; readonly port: number; readonly flag?: string },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EADDRINUSE' ? 'another process listens there' : error.message
      reject(new UsageError(`${flag} ${hostAndPort({ host, port })}: ${reason}`))
    })
    server.listen(port, host, () => {
      resolve()
    })
  })
}

/** `host:port`, with an IPv6 address in brackets. */
export function hostAndPort({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
