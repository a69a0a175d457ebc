import { readdir, realpath, stat } from 'node:fs/promises'
import type { BigIntStats, Dirent } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { unsuitable } from './read-text.ts'

/** Distinguishes two states of a file without reading it. */
export interface FileStamp {
  /** The path behind all symbolic links. */
  readonly real: string
  readonly inode: string
  readonly size: bigint
  readonly modified: bigint
  readonly changed: bigint
}

export interface FoundFile {
  /** The path for people: the configured path and the part below it. */
  readonly path: string
  readonly stamp: FileStamp
}

export interface Unreadable {
  readonly path: string
  readonly reason: string
}

/** The files at a configured path. */
export interface Scan {
  readonly files: readonly FoundFile[]
  /** Files and directories that exist but cannot be read: their content is unknown, not deleted. */
  readonly unreadable: readonly Unreadable[]
  /** Entries that are never read: too large, not files, or links that lead outside. */
  readonly refused: readonly Unreadable[]
}

/** The bounds of one scan. */
export interface ScanLimits {
  /** Directories below the configured one. */
  readonly depth: number
  /** Files and directories together. */
  readonly entries: number
}

export const scanLimits: ScanLimits = { depth: 32, entries: 50_000 }

export interface ScanOptions {
  /**
   * Runs for each directory before it is listed, so that nothing can change unseen between the two. `inode`
   * tells it from a later one of the same path.
   */
  readonly visit: (path: string, inode: string) => void
  /** The real paths of all that is configured; links may lead to these and below. */
  readonly within: readonly string[]
  readonly limits?: ScanLimits
}

/**
 * Finds the files at `root`: the path itself, or the files below it whose names end in .yaml, .yml or .json.
 * Names that begin with a dot are skipped (ConfigMap mounts keep their versions there). Symbolic links are
 * followed if they stay within the configured paths, and each directory is read once. Rejects if `root`
 * cannot be read.
 */
export async function scanFiles(root: string, options: ScanOptions): Promise<Scan> {
  const stats = await stat(root, { bigint: true })
  const real = await realpath(root)
  if (!stats.isDirectory()) {
    if (real !== join(await realpath(dirname(root)), basename(root))) options.visit(dirname(real), '')
    const reason = unsuitable(stats)
    return reason === undefined
      ? { files: [{ path: root, stamp: stampOf(stats, real) }], unreadable: [], refused: [] }
      : { files: [], unreadable: [], refused: [{ path: root, reason }] }
  }
  const walk = new Walk(options)
  await walk.enter({ path: root, real, inode: inodeOf(stats), depth: 0 })
  return walk
}

/** The stamp of a file that was opened at `path`, its links resolved. */
export async function stampOpened(path: string, stats: BigIntStats): Promise<FileStamp> {
  return stampOf(stats, await realpath(path))
}

/** The stamp of one file, its links resolved. */
export async function stampFile(path: string): Promise<FileStamp> {
  const [stats, real] = await Promise.all([stat(path, { bigint: true }), realpath(path)])
  return stampOf(stats, real)
}

export function sameStamp(a: FileStamp, b: FileStamp): boolean {
  return (
    a.real === b.real &&
    a.inode === b.inode &&
    a.size === b.size &&
    a.modified === b.modified &&
    a.changed === b.changed
  )
}

export function isManifestName(name: string): boolean {
  return !name.startsWith('.') && /\.(?:yaml|yml|json)$/.test(name)
}

export function errorCode(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : ''
}

/** The failure, without the path that the system's message repeats. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message.replace(/, \w+(?: '.*')?$/, '') : String(thrown)
}

interface Directory {
  readonly path: string
  readonly real: string
  readonly inode: string
  /** Directories above it that were read on the way. */
  readonly depth: number
}

/** The number of directory entries that are read together. */
const together = 64

/** One walk over a tree: directories by their own paths first, so that a link to one of them adds nothing. */
class Walk implements Scan {
  readonly files: FoundFile[] = []
  readonly unreadable: Unreadable[] = []
  readonly refused: Unreadable[] = []
  readonly #options: ScanOptions
  readonly #limits: ScanLimits
  readonly #entered = new Set<string>()
  #links: Directory[] = []
  #entries = 0

  constructor(options: ScanOptions) {
    this.#options = options
    this.#limits = options.limits ?? scanLimits
  }

  async enter(root: Directory): Promise<void> {
    await this.#list(root)
    for (let links = this.#links; links.length > 0; links = this.#links) {
      this.#links = []
      for (const link of links) await this.#list(link)
    }
    const { entries } = this.#limits
    // Reported, because the unread rest would otherwise look deleted.
    if (this.#entries > entries)
      this.refused.push({
        path: root.path,
        reason: `it has more than ${entries} manifest files and directories, so some of them are not read`,
      })
    this.refused.sort((a, b) => (a.path < b.path ? -1 : 1))
  }

  async #list(directory: Directory): Promise<void> {
    if (this.#entered.has(directory.real) || this.#entries > this.#limits.entries) return
    if (directory.depth > this.#limits.depth) {
      this.refused.push({
        path: directory.path,
        reason: `it is more than ${this.#limits.depth} directories deep`,
      })
      return
    }
    this.#entered.add(directory.real)
    this.#options.visit(directory.path, directory.inode)
    const entries = await readdir(directory.path, { withFileTypes: true }).catch((thrown: unknown) => {
      if (directory.depth === 0) throw thrown
      return this.#miss(directory.path, thrown)
    })
    const names = entries
      .filter((entry) => !entry.name.startsWith('.') && (isManifestName(entry.name) || !entry.isFile()))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    const below: Directory[] = []
    for (let at = 0; at < names.length && this.#entries <= this.#limits.entries; at += together) {
      const found = await Promise.all(
        names.slice(at, at + together).map((entry) => this.#look(directory, entry)),
      )
      below.push(...found.filter((each) => each !== undefined))
    }
    for (const each of below) await this.#list(each)
  }

  /** Adds a file; resolves to the directory if the path is one, and not a link. */
  async #look(parent: Directory, entry: Dirent): Promise<Directory | undefined> {
    const path = parent.path.endsWith('/') ? `${parent.path}${entry.name}` : `${parent.path}/${entry.name}`
    try {
      const stats = await stat(path, { bigint: true })
      const isLink = entry.isSymbolicLink()
      const real = isLink ? await realpath(path) : `${parent.real}/${entry.name}`
      if (!stats.isDirectory() && !isManifestName(entry.name)) return undefined
      if (isLink && !this.#isWithin(real)) {
        this.refused.push({
          path,
          reason:
            `it is a link to ${real}, which is outside of the configured paths; name ${real} as a ` +
            `path of its own`,
        })
        return undefined
      }
      this.#entries += 1
      if (stats.isDirectory()) {
        const directory = { path, real, inode: inodeOf(stats), depth: parent.depth + 1 }
        if (!isLink) return directory
        this.#links.push(directory)
        return undefined
      }
      const reason = unsuitable(stats)
      if (reason !== undefined) this.refused.push({ path, reason })
      else {
        if (isLink) this.#options.visit(dirname(real), '')
        this.files.push({ path, stamp: stampOf(stats, real) })
      }
    } catch (thrown) {
      this.#miss(path, thrown)
    }
    return undefined
  }

  #isWithin(real: string): boolean {
    return this.#options.within.some(
      (each) => real === each || real.startsWith(each.endsWith('/') ? each : `${each}/`),
    )
  }

  /** Removed since it was listed, or a symbolic link to nothing: neither is a mistake. */
  #miss(path: string, thrown: unknown): [] {
    if (errorCode(thrown) !== 'ENOENT') this.unreadable.push({ path, reason: reasonOf(thrown) })
    return []
  }
}

function stampOf(stats: BigIntStats, real: string): FileStamp {
  return { real, inode: inodeOf(stats), size: stats.size, modified: stats.mtimeNs, changed: stats.ctimeNs }
}

function inodeOf(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}`
}
