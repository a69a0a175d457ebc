import type { Writable } from 'node:stream'

/** A reader that has gone: a closed pipe, a terminal that hung up, a socket that was reset. */
const gone: ReadonlySet<string> = new Set(['EPIPE', 'EIO', 'ECONNRESET'])

/**
 * No error of standard output or standard error ends a command. If the reader is gone, the command continues
 * and keeps its own exit status. Other errors (a full disk) are reported once on standard error, and set exit
 * status 2.
 */
export function surviveOutputErrors({
  stdout,
  stderr,
}: { readonly stdout: Writable; readonly stderr: Writable } = process): void {
  stderr.on('error', () => {})
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (gone.has(error.code ?? '')) return
    process.exitCode = 2
    stderr.write(`shadowplane: standard output cannot be written: ${error.message}\n`)
  })
}
