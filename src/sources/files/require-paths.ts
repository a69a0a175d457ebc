import { stat } from 'node:fs/promises'
import { reasonOf } from './scan.ts'
import { UsageError } from '../../errors.ts'

/**
 * Rejects with a UsageError for the first path that does not exist; `-` is standard input. A path that exists
 * but cannot be read becomes an outage later.
 */
export async function requirePaths(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    if (path === '-') continue
    await stat(path).catch((error: unknown) => {
      throw new UsageError(`${path} cannot be read: ${reasonOf(error)}`)
    })
  }
}
