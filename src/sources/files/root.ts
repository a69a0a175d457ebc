import { realpath } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { codes } from '../../diagnostics/codes.ts'
import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import type { MayBeRead } from '../../manifest/kubernetes-object.ts'
import { DirectoryWatches } from './directory-watch.ts'
import { isManifestName, reasonOf, scanFiles } from './scan.ts'
import type { Scan, Unreadable } from './scan.ts'
import { HeldFile, readOrKeep } from './held-file.ts'
import type { Contribution } from './held-file.ts'
import { UsageError } from '../../errors.ts'
import { backOffDelay } from '../../clock.ts'
import type { After } from '../../clock.ts'

export interface RootOptions {
  readonly path: string
  /** All configured paths: symbolic links may lead to these, and not elsewhere. */
  readonly paths: readonly string[]
  readonly after: After
  readonly mayBeRead?: MayBeRead | undefined
  readonly settleAfter: number
  /** Runs whenever `refresh` has something to do. */
  readonly wake: () => void
}

const backOff = { first: 100, most: 5_000 }

/** One configured path, a file or a directory, kept in step with the disk. */
export class FileRoot {
  readonly #options: RootOptions
  readonly #watches: DirectoryWatches
  readonly #files = new Map<string, HeldFile>()
  readonly #hinted = new Set<string>()
  /** The number of reported renames of a held file's name since the file was replaced. */
  readonly #renames = new Map<string, number>()
  /** Entries below the path that the last scan found but did not read. */
  #refused: readonly Diagnostic[] = []
  #rescan = true
  #outage: string | undefined
  /** The path itself cannot be read, rather than something below it. */
  #isLost = false
  #failures = 0
  #cancelRetry: (() => void) | undefined

  constructor(options: RootOptions) {
    this.#options = options
    this.#watches = new DirectoryWatches((directory, name, event) => this.#hint({ directory, name, event }))
  }

  /** One line on what cannot be read now. */
  get outage(): string | undefined {
    return this.#outage
  }

  /** Rejects when the path cannot be read at all; later that is an outage. */
  async start(): Promise<void> {
    await this.refresh()
    if (this.#isLost) throw new UsageError(this.#outage)
  }

  /** Looks at everything again, as nothing promises that each change has its event. */
  look(): void {
    this.#rescan = true
    this.#options.wake()
  }

  /** Reads what the hints since the last call point at. */
  async refresh(): Promise<void> {
    const rescan = this.#rescan
    const hinted = new Set(this.#hinted)
    this.#rescan = false
    this.#hinted.clear()
    for (const [path, file] of this.#files) {
      if (!file.gone) continue
      this.#files.delete(path)
      this.#renamesOf([path, file.real])
    }
    const isAiling = this.#outage !== undefined && hinted.size > 0
    if (rescan || isAiling || !(await this.#readAll(hinted))) await this.#scan(hinted)
  }

  contributions(): readonly Contribution[] {
    const { path } = this.#options
    const refused = {
      path,
      real: `${path} (not read)`,
      manifests: [],
      leaving: [],
      diagnostics: this.#refused,
    }
    return [...this.#files.values()]
      .map((file) => file.contribution())
      .concat(refused.diagnostics.length === 0 ? [] : [refused])
  }

  close(): void {
    this.#cancelRetry?.()
    this.#watches.close()
    for (const file of this.#files.values()) file.stay()
  }

  /**
   * Scans known names one by one. A name with a dot may be a ConfigMap's `..data`, which affects every file;
   * other names may be directories.
   */
  #hint({
    directory,
    name,
    event,
  }: {
    readonly directory: string
    readonly name: string | undefined
    readonly event: 'rename' | 'change'
  }): void {
    const { path, wake } = this.#options
    const shown =
      name === undefined
        ? undefined
        : directory === dirname(path) && name === basename(path)
          ? path
          : `${directory.replace(/\/$/, '')}/${name}`
    if (shown !== undefined && event === 'rename') this.#countRename(shown)
    if (shown !== undefined && name !== undefined && !name.startsWith('.') && this.#files.has(shown))
      this.#hinted.add(shown)
    else if (isHidden(name) || this.#isBeside(directory, name)) return
    else this.#rescan = true
    wake()
  }

  /**
   * Counts only held files, by their own path or the one behind their links: the number of other names is
   * unbounded.
   */
  #countRename(shown: string): void {
    if (!this.#files.has(shown) && ![...this.#files.values()].some((file) => file.real === shown)) return
    this.#renames.set(shown, (this.#renames.get(shown) ?? 0) + 1)
  }

  #renamesOf(paths: readonly string[]): number {
    const all = [...new Set(paths)].reduce((sum, path) => sum + (this.#renames.get(path) ?? 0), 0)
    for (const path of paths) this.#renames.delete(path)
    return all
  }

  /** True for what happens around the configured path and not to it. */
  #isBeside(directory: string, name: string | undefined): boolean {
    const { path } = this.#options
    if (directory !== dirname(path) || directory === path || name === undefined) return false
    return (
      name !== basename(path) &&
      name !== basename(this.#files.get(path)?.real ?? '') &&
      !name.startsWith('..')
    )
  }

  /** Resolves to false when one of them is not simply a file that can be read. */
  async #readAll(paths: ReadonlySet<string>): Promise<boolean> {
    for (const path of paths) {
      const file = this.#files.get(path)
      if (file === undefined || (await readOrKeep(file)).kind !== 'read' || file.unreadable !== undefined)
        return false
    }
    return true
  }

  async #scan(changed: ReadonlySet<string> = new Set()): Promise<void> {
    this.#watches.begin()
    this.#watches.visitIfPossible(dirname(this.#options.path))
    try {
      const scan = await scanFiles(this.#options.path, {
        visit: this.#watches.visit,
        within: await realPaths(this.#options.paths),
      })
      this.#watches.sweep()
      this.#isLost = false
      await this.#compare(scan, changed)
      this.#judgeHealth(
        scan.unreadable.map(({ path, reason }) => `${path} cannot be read: ${reason}`)[0] ??
          this.#watches.failure,
      )
    } catch (thrown) {
      this.#watches.sweep()
      this.#isLost = true
      for (const file of this.#files.values()) file.lose()
      this.#judgeHealth(`${this.#options.path} cannot be read: ${reasonOf(thrown)}`)
    }
  }

  async #compare(scan: Scan, changed: ReadonlySet<string>): Promise<void> {
    const absent = new Set(this.#files.keys())
    const refused = [...scan.refused]
    for (const { path, stamp } of scan.files) {
      absent.delete(path)
      const file = this.#files.get(path) ?? this.#add(path)
      if (!changed.has(path) && file.isCurrent(stamp)) continue
      const result = await readOrKeep(file)
      if (result.kind === 'absent') file.vanish()
      else if (result.kind === 'unsuitable') refused.push({ path, reason: result.reason })
    }
    for (const { path, reason } of scan.unreadable) {
      const below = [...absent].filter((each) => isAtOrBelow(each, path))
      if (below.length === 0 && isManifestName(path)) this.#add(path).refuseToRead(reason)
      for (const each of below) {
        absent.delete(each)
        this.#files.get(each)?.refuseToRead(reason)
      }
    }
    for (const { path } of refused) {
      for (const each of absent) if (isAtOrBelow(each, path)) absent.delete(each)
    }
    this.#refused = refused.map(notRead)
    for (const path of absent) this.#files.get(path)?.vanish()
  }

  #add(path: string): HeldFile {
    const { after, settleAfter, mayBeRead, wake } = this.#options
    const renamesOf = (paths: readonly string[]): number => this.#renamesOf(paths)
    const changed = (each: string): void => {
      this.#hinted.add(each)
      wake()
    }
    const file = new HeldFile(path, { after, settleAfter, mayBeRead, settled: wake, renamesOf, changed })
    this.#files.set(path, file)
    return file
  }

  /**
   * Sets the outage, and looks again later, ever more slowly and never in step with others, while there is
   * one.
   */
  #judgeHealth(outage: string | undefined): void {
    const unreadable = [...this.#files.values()].find((file) => file.unreadable !== undefined)
    this.#outage =
      outage ??
      (unreadable === undefined ? undefined : `${unreadable.path} cannot be read: ${unreadable.unreadable}`)
    this.#cancelRetry?.()
    this.#cancelRetry = undefined
    if (this.#outage === undefined) {
      this.#failures = 0
      return
    }
    const delay = backOffDelay(this.#failures, backOff, Math.random())
    this.#failures++
    this.#cancelRetry = this.#options.after(delay, () => this.look())
  }
}

function isAtOrBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory.replace(/\/$/, '')}/`)
}

/** The paths behind their links; absent ones are left out. */
async function realPaths(paths: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(paths.map((path) => realpath(path).catch(() => undefined)))
  return found.filter((path) => path !== undefined)
}

function notRead({ path, reason }: Unreadable): Diagnostic {
  const code = 'file/not-read'
  return {
    code,
    severity: codes[code].severity,
    message: `${path} is not read: ${reason}`,
    place: { file: path, line: 1, column: 1 },
  }
}

/**
 * An editor's or a copying tool's own file. A name with two dots is not one: it may be a ConfigMap's
 * `..data`.
 */
function isHidden(name: string | undefined): boolean {
  return name !== undefined && name.startsWith('.') && !name.startsWith('..')
}
