import { stat } from 'node:fs/promises'
import { reasonOf } from './scan.ts'
import { UsageError } from '../source.ts'

/**
 * Rejects with UsageError for the first path that is not there; `-` is standard input. What is there and
 * cannot be read is an outage, later.
 */
export async function requirePaths(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    if (path === '-') continue
    await stat(path).catch((error: unknown) => {
      throw new UsageError(`${path} cannot be read: ${reasonOf(error)}`)
    })
  }
}
