import { constants } from 'node:fs'
import type { BigIntStats } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

/** Bytes that a file, a pipe or standard input may hold. Larger ones cost minutes and gigabytes to read. */
export const largestFile = 32 * 2 ** 20

/** Milliseconds that a pipe may stay silent. */
const longestSilence = 30_000
const chunkSize = 256 * 1024

/** The path will never hold readable manifests: the message says why. */
export class UnsuitableFile extends Error {}

/**
 * Reads a regular file as UTF-8, with the stats of the very file that was read. Never blocks; rejects with
 * UnsuitableFile or a system error.
 */
export async function readTextFile(
  path: string,
): Promise<{ readonly stats: BigIntStats; readonly text: string }> {
  await using handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const stats = await handle.stat({ bigint: true })
  const reason = unsuitable(stats)
  if (reason !== undefined) throw new UnsuitableFile(reason)
  return { stats, text: await readAll(handle, () => Promise.resolve(false)) }
}

/**
 * Reads a path that is neither file nor directory: a pipe, for example a shell's `<(command)`, or /dev/null.
 * Rejects with UnsuitableFile.
 */
export async function readPipe(path: string): Promise<string> {
  await using handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const stats = await handle.stat({ bigint: true })
  if (path === '/dev/null') return ''
  if (!stats.isFIFO())
    throw new UnsuitableFile(`it is ${kindOf(stats)}; name a file or a directory, or - for standard input`)
  let silentSince = performance.now()
  const text = await readAll(handle, async (isFirst) => {
    if (!isFirst) silentSince = performance.now()
    if (performance.now() - silentSince > longestSilence)
      throw new UnsuitableFile(`it is a pipe, and nothing was written to it for ${longestSilence / 1000} s`)
    await delay(20)
    return true
  })
  if (text === '') throw new UnsuitableFile('it is a pipe without a writer')
  return text
}

/** Reads a stream as UTF-8. Rejects with UnsuitableFile. */
export async function readStream(stream: AsyncIterable<Buffer | string>): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    size += bytes.length
    if (size > largestFile) throw new UnsuitableFile(tooLarge(undefined))
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Why something in a directory cannot hold manifests; undefined if it may. */
export function unsuitable(stats: BigIntStats): string | undefined {
  if (!stats.isFile()) return `it is ${kindOf(stats)}, not a file`
  return stats.size > largestFile ? tooLarge(stats.size) : undefined
}

function tooLarge(size: bigint | undefined): string {
  const is = size === undefined ? 'it is larger' : `it is ${mebibytes(Number(size))} MiB large`
  const most = `${mebibytes(largestFile)} MiB`
  return `${is}${size === undefined ? ` than ${most}` : `, and a file may have at most ${most}`}; split it`
}

function mebibytes(bytes: number): string {
  return String(Math.ceil(bytes / 2 ** 20))
}

function kindOf(stats: BigIntStats): string {
  if (stats.isDirectory()) return 'a directory'
  if (stats.isFIFO()) return 'a named pipe'
  if (stats.isSocket()) return 'a socket'
  return 'a device'
}

/**
 * Reads to the end. `again`: whether to try again when there is nothing to read yet (`isSilent`: there was
 * nothing the last time either).
 */
async function readAll(handle: FileHandle, again: (isSilent: boolean) => Promise<boolean>): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  let isSilent = false
  for (;;) {
    const { bytesRead, buffer } = await handle
      .read(Buffer.allocUnsafe(chunkSize), 0, chunkSize, null)
      .catch((thrown: unknown) => {
        if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EAGAIN')
          return { bytesRead: undefined, buffer: Buffer.alloc(0) }
        throw thrown
      })
    if (bytesRead === undefined) {
      if (!(await again(isSilent))) throw new UnsuitableFile('it has nothing to read')
      isSilent = true
      continue
    }
    isSilent = false
    if (bytesRead === 0) return Buffer.concat(chunks).toString('utf8')
    size += bytesRead
    if (size > largestFile) throw new UnsuitableFile(tooLarge(undefined))
    chunks.push(buffer.subarray(0, bytesRead))
  }
}
