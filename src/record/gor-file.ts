import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { constants, createGunzip } from 'node:zlib'
import { readGor } from './gor-reader.ts'
import type { GorItem } from './gor-reader.ts'

/**
 * The requests of a file of GoReplay; compressed ones (gzip) are known by their first bytes. Rejects if
 * the file cannot be read.
 */
export function readGorFile(path: string): AsyncGenerator<GorItem> {
  return readGorStream(createReadStream(path, { highWaterMark: 256 * 1024 }))
}

/**
 * The same for a stream, such as standard input. A part that cannot be decompressed is damage, and ends the
 * reading.
 */
export async function* readGorStream(stream: Readable): AsyncGenerator<GorItem> {
  const failure: Failure = { offset: 0 }
  try {
    yield* readGor(uncompressed(stream, failure))
  } finally {
    stream.destroy()
  }
  if (failure.problem !== undefined)
    yield {
      damage: { offset: failure.offset, problem: `the rest cannot be decompressed: ${failure.problem}` },
    }
}

interface Failure {
  problem?: string
  /** Bytes that were decompressed before. */
  offset: number
}

const gzipMagic = Buffer.from([0x1f, 0x8b])

async function* uncompressed(stream: Readable, failure: Failure): AsyncGenerator<Buffer> {
  const chunks: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]()
  let first = Buffer.alloc(0)
  while (first.length < gzipMagic.length) {
    const next = await chunks.next()
    if (next.done === true) break
    first = Buffer.concat([first, next.value])
  }
  if (first.length === 0) return
  const rest = { [Symbol.asyncIterator]: () => chunks }
  if (!first.subarray(0, gzipMagic.length).equals(gzipMagic)) {
    yield first
    yield* rest
    return
  }
  // A file whose writer was killed ends in the middle of a block: what is there is read.
  const gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH })
  void feed(gunzip, first, rest)
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      failure.offset += chunk.length
      yield chunk
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))) throw error
    failure.problem = error.message
  }
}

/** Bytes that zlib gets at a time: if it fails, it loses the output of these. */
const slice = 4096

async function feed(gunzip: Writable, first: Buffer, rest: AsyncIterable<Buffer>): Promise<void> {
  const write = async (chunk: Buffer): Promise<void> => {
    for (let at = 0; at < chunk.length; at += slice)
      if (!gunzip.write(chunk.subarray(at, at + slice))) await once(gunzip, 'drain')
  }
  try {
    await write(first)
    for await (const chunk of rest) await write(chunk)
    gunzip.end()
  } catch (error) {
    gunzip.destroy(error instanceof Error ? error : new Error(String(error)))
  }
}
