import { mkdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/**
 * Saves as most editors do: written beside, under a name that is not read as a manifest, and renamed.
 * Resolves with when the rename began (`performance.now()`).
 */
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

/** Makes `file` what a ConfigMap mount has: a link through `..data` to a directory of its version. */
export async function mountConfigMap(file: string, text: string): Promise<void> {
  const [folder, name] = [dirname(file), basename(file)]
  await rm(file, { force: true })
  await mkdir(join(folder, '..1'))
  await writeFile(join(folder, '..1', name), text)
  await symlink('..1', join(folder, '..data'))
  await symlink(join('..data', name), file)
}

/**
 * Saves as the kubelet does: writes another version's directory and swaps `..data`. Resolves with when the
 * swap began.
 */
export async function swapConfigMap(file: string, text: string): Promise<number> {
  const [folder, name] = [dirname(file), basename(file)]
  const before = await readlink(join(folder, '..data'))
  const next = `..${Number(before.slice(2)) + 1}`
  await mkdir(join(folder, next))
  await writeFile(join(folder, next, name), text)
  await symlink(next, join(folder, '..data_tmp'))
  const startedAt = performance.now()
  await rename(join(folder, '..data_tmp'), join(folder, '..data'))
  await rm(join(folder, before), { recursive: true })
  return startedAt
}
