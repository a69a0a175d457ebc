import { readdir, realpath, stat } from 'node:fs/promises'
import type { BigIntStats, Dirent } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** What tells one state of a file from another without reading it. */
export interface FileStamp {
  /** The path behind all symbolic links. */
  readonly real: string
  readonly inode: string
  readonly size: bigint
  readonly modified: bigint
  readonly changed: bigint
}

export interface FoundFile {
  /** As shown to people: the configured path and what follows below it. */
  readonly path: string
  readonly stamp: FileStamp
}

export interface Unreadable {
  readonly path: string
  readonly reason: string
}

/** What stands at a configured path. */
export interface Scan {
  readonly files: readonly FoundFile[]
  /** Files and directories that are there and cannot be looked at: what they held is unknown, not deleted. */
  readonly unreadable: readonly Unreadable[]
}

/** Told of each directory before it is listed, so that nothing can change unseen between the two. `inode` tells it from a later one of the same path. */
export type VisitDirectory = (path: string, inode: string) => void

/**
 * The files at `root`: itself, or those below it whose names end in .yaml, .yml or .json. Names that begin with a dot are
 * passed over (ConfigMap mounts keep their versions there); symbolic links are followed. Rejects when `root` cannot be read.
 */
export async function scanFiles(root: string, visit: VisitDirectory): Promise<Scan> {
  const stats = await stat(root, { bigint: true })
  const real = await realpath(root)
  if (!stats.isDirectory()) {
    if (real !== join(await realpath(dirname(root)), basename(root))) visit(dirname(real), '')
    return { files: [{ path: root, stamp: stampOf(stats, real) }], unreadable: [] }
  }
  visit(root, inodeOf(stats))
  const entries = await readdir(root, { withFileTypes: true })
  return listed({ path: root, real, ancestors: [real] }, entries, visit)
}

/** The stamp of one file, its links resolved. */
export async function stampFile(path: string): Promise<FileStamp> {
  const [stats, real] = await Promise.all([stat(path, { bigint: true }), realpath(path)])
  return stampOf(stats, real)
}

export function sameStamp(a: FileStamp, b: FileStamp): boolean {
  return a.real === b.real && a.inode === b.inode && a.size === b.size && a.modified === b.modified && a.changed === b.changed
}

export function isManifestName(name: string): boolean {
  return !name.startsWith('.') && /\.(?:yaml|yml|json)$/.test(name)
}

export function errorCode(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : ''
}

/** What went wrong, without the path that the system's message repeats. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message.replace(/, \w+(?: '.*')?$/, '') : String(thrown)
}

interface Directory {
  readonly path: string
  readonly real: string
  /** Real paths of this directory and those above it; a link back to one of them is a loop. */
  readonly ancestors: readonly string[]
}

async function listed(directory: Directory, entries: readonly Dirent[], visit: VisitDirectory): Promise<Scan> {
  const names = entries.filter((entry) => !entry.name.startsWith('.') && (isManifestName(entry.name) || !entry.isFile()))
  const scans = await Promise.all(names.map((entry) => scanEntry(directory, entry, visit)))
  return { files: scans.flatMap((each) => each.files), unreadable: scans.flatMap((each) => each.unreadable) }
}

const nothing: Scan = { files: [], unreadable: [] }

async function scanEntry(directory: Directory, entry: Dirent, visit: VisitDirectory): Promise<Scan> {
  const path = directory.path.endsWith('/') ? `${directory.path}${entry.name}` : `${directory.path}/${entry.name}`
  try {
    const stats = await stat(path, { bigint: true })
    const real = entry.isSymbolicLink() ? await realpath(path) : `${directory.real}/${entry.name}`
    if (stats.isFile()) {
      if (!isManifestName(entry.name)) return nothing
      if (entry.isSymbolicLink()) visit(dirname(real), '')
      return { files: [{ path, stamp: stampOf(stats, real) }], unreadable: [] }
    }
    if (!stats.isDirectory() || directory.ancestors.includes(real)) return nothing
    visit(path, inodeOf(stats))
    return await listed({ path, real, ancestors: [...directory.ancestors, real] }, await readdir(path, { withFileTypes: true }), visit)
  } catch (thrown) {
    // Gone since it was listed, or a symbolic link to nothing.
    return errorCode(thrown) === 'ENOENT' ? nothing : { files: [], unreadable: [{ path, reason: reasonOf(thrown) }] }
  }
}

function stampOf(stats: BigIntStats, real: string): FileStamp {
  return { real, inode: inodeOf(stats), size: stats.size, modified: stats.mtimeNs, changed: stats.ctimeNs }
}

function inodeOf(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}`
}
