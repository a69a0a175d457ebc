import { cp, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Place } from '../diagnostics/diagnostic.ts'

/** A saved edit: the place of the new value, and when it was saved (milliseconds, as `performance.now()`). */
export interface Edit extends Place {
  readonly savedAt: number
}

/** A copy of the example that may be edited, with the ports of this run. */
export interface Workspace {
  readonly folder: string
  /** The file with the VirtualService. */
  readonly virtualService: string
  /** Saves another mirror percentage as editors do, by renaming. */
  setPercentage(value: number): Promise<Edit>
  close(): Promise<void>
}

/** Ports of the example's endpoints, as its README lists them. */
export const examplePorts = { v1: 9001, v2: 9002, clusterB: 9003 } as const

/** Copies the example and replaces each of its ports by the port of this run. */
export async function openWorkspace(example: string, ports: ReadonlyMap<number, number>): Promise<Workspace> {
  const folder = await mkdtemp(join(tmpdir(), 'shadowplane-demo-'))
  await cp(example, folder, { recursive: true })
  const manifests = (await readdir(folder)).filter((file) => file.endsWith('.yaml'))
  for (const file of manifests) {
    const text = await readFile(join(folder, file), 'utf8')
    await writeFile(
      join(folder, file),
      text.replace(/\b\d{4}\b/g, (port) => String(ports.get(Number(port)) ?? port)),
    )
  }
  const virtualService = join(folder, 'virtual-service.yaml')
  return {
    folder,
    virtualService,
    setPercentage: (value) => setPercentage(virtualService, value),
    close: () => rm(folder, { recursive: true, force: true }),
  }
}

const percentage = /(mirrorPercentage:\n\s+value: )(\S+)/

async function setPercentage(file: string, value: number): Promise<Edit> {
  const text = await readFile(file, 'utf8')
  const match = percentage.exec(text)
  if (match === null) throw new Error(`${file} has no mirrorPercentage any more`)
  // A name that begins with a dot is not read as a manifest.
  const saved = join(file, '..', '.virtual-service.yaml.saved')
  await writeFile(saved, text.replace(percentage, `$1${value}`))
  const savedAt = performance.now()
  await rename(saved, file)
  const before = text.slice(0, match.index + (match[1] ?? '').length).split('\n')
  return { file, line: before.length, column: (before.at(-1) ?? '').length + 1, savedAt }
}
