import { rename, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** Saves as most editors do: written beside, under a name that is not read as a manifest, and renamed. Resolves with when the rename began (`performance.now()`). */
export async function saveByRename(file: string, text: string): Promise<number> {
  const beside = join(dirname(file), `.${basename(file)}.saved`)
  await writeFile(beside, text)
  const startedAt = performance.now()
  await rename(beside, file)
  return startedAt
}

/** Saves as other editors do: truncated and written where it is. Resolves with when that began. */
export async function saveInPlace(file: string, text: string): Promise<number> {
  const startedAt = performance.now()
  await writeFile(file, text)
  return startedAt
}
