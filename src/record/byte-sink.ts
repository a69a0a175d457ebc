import { once } from 'node:events'
import { open } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'

/** Where bytes go. */
export interface ByteSink {
  /** Resolves when more may be written. Rejects if the output cannot be written. */
  write(parts: readonly Uint8Array[]): Promise<void>
  /** Resolves when everything is written. */
  close(): Promise<void>
}

/**
 * A new file, in place of one that is there; compressed if its name ends in `.gz`. Rejects if it cannot
 * be opened.
 */
export async function fileSink(path: string): Promise<ByteSink> {
  const file = await open(path, 'w')
  const output = file.createWriteStream()
  const gzip = path.endsWith('.gz') ? createGzip() : undefined
  const ended = gzip === undefined ? finished(output) : pipeline(gzip, output)
  // Heard of by whoever writes next, or closes.
  ended.catch(() => undefined)
  return sinkOf(gzip ?? output, ended)
}

/** An output that stays open, such as standard output. */
export function openSink(output: Writable): ByteSink {
  return { ...sinkOf(output, new Promise(() => {})), close: () => Promise.resolve() }
}

function sinkOf(target: Writable, ended: Promise<void>): ByteSink {
  return {
    async write(parts) {
      const ready = parts.map((part) => target.write(part)).at(-1)
      if (ready === false) await Promise.race([once(target, 'drain'), ended])
    },
    async close() {
      target.end()
      await ended
    },
  }
}
