import { fstatSync, writeSync } from 'node:fs'
import type { Writable } from 'node:stream'

export interface LineOutputOptions {
  /** Bytes that may wait for a slow reader. */
  readonly most?: number
  /** The line that reports how many lines were left out before it. */
  readonly lost: (count: number) => string
}

const usual = 1024 * 1024

/**
 * Writes the lines of a log to standard output. No reader and no disk can end or fill the process: lines are
 * left out while the reader takes nothing or the disk is full, and counted; the count is a line of its own as
 * soon as lines can be written again.
 */
export function lineOutput({ most = usual, lost }: LineOutputOptions): (line: string) => void {
  const write = isFile(process.stdout.fd) ? toFile(process.stdout.fd) : toStream(process.stdout, most)
  let leftOut = 0
  return (line) => {
    if (leftOut > 0 && write(`${lost(leftOut)}\n`)) leftOut = 0
    if (leftOut > 0 || !write(`${line}\n`)) leftOut += 1
  }
}

/** True if the text is written, or will be. */
type Write = (text: string) => boolean

/**
 * Node's own stream for a file is destroyed by its first error, and would stay silent when the disk has room
 * again.
 */
function toFile(fd: number): Write {
  return (text) => {
    try {
      writeSync(fd, text)
      return true
    } catch {
      return false
    }
  }
}

function toStream(stream: Writable, most: number): Write {
  let isGone = false
  stream.on('error', () => {
    isGone = true
  })
  return (text) => {
    if (isGone || stream.writableLength > most) return false
    stream.write(text)
    return true
  }
}

/** Files and devices, except terminals, which Node writes to as streams. */
function isFile(fd: number): boolean {
  try {
    const stats = fstatSync(fd)
    return stats.isFile() || (stats.isCharacterDevice() && !process.stdout.isTTY)
  } catch {
    return false
  }
}
