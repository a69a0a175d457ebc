import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A directory as kubelet keeps a Secret's volume: the files are links through `..data`, which is replaced as
 * a whole.
 */
export interface SecretVolume {
  readonly path: string
  file(name: string): string
  replace(files: Readonly<Record<string, string>>): void
}

export function secretVolume(path: string, files: Readonly<Record<string, string>>): SecretVolume {
  mkdirSync(path, { recursive: true })
  let version = 0
  const replace = (next: Readonly<Record<string, string>>): void => {
    version += 1
    const directory = `..version-${version}`
    mkdirSync(join(path, directory))
    for (const [name, text] of Object.entries(next)) writeFileSync(join(path, directory, name), text)
    symlinkSync(directory, join(path, '..data_tmp'))
    renameSync(join(path, '..data_tmp'), join(path, '..data'))
  }
  replace(files)
  for (const name of Object.keys(files)) symlinkSync(join('..data', name), join(path, name))
  return { path, file: (name) => join(path, name), replace }
}
