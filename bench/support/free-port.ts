import { mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

/**
 * Below the ports that Linux, macOS and Windows give to outgoing connections, which come and go at any
 * moment.
 */
const range = { first: 15_000, count: 17_000 }
const claims = join(tmpdir(), `shadowplane-ports-${userInfo().uid}`)
const claimMilliseconds = 30 * 60_000

/**
 * A TCP port of 127.0.0.1 that nothing listens on. Each call returns another port, also in processes that run
 * beside this one: a file claims the port for half an hour, so that its user can start late, or stop and
 * start again.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = range.first + Math.floor(Math.random() * range.count)
    if (claim(join(claims, String(port))) && (await isFree(port))) return port
  }
}

function claim(file: string): boolean {
  mkdirSync(claims, { recursive: true })
  try {
    writeFileSync(file, '', { flag: 'wx' })
    return true
  } catch {
    return renewed(file)
  }
}

function renewed(file: string): boolean {
  const now = Date.now()
  if (now - statSync(file).mtimeMs < claimMilliseconds) return false
  utimesSync(file, now / 1_000, now / 1_000)
  return true
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server
      .once('error', () => resolve(false))
      .listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
