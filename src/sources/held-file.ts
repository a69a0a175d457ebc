import { readFile } from 'node:fs/promises'
import { codes } from '../diagnostics/codes.ts'
import { objectKey } from '../diagnostics/diagnostic.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { LocatedManifest } from '../manifest/manifest.ts'
import { located } from '../manifest/text-position.ts'
import { errorCode, reasonOf, sameStamp, stampFile } from './file-scan.ts'
import type { FileStamp } from './file-scan.ts'
import { keysOf, manifestsOf, nextVersion } from './file-version.ts'
import type { FileVersion } from './file-version.ts'
import { judge } from './partial-write.ts'
import type { Change, Verdict } from './partial-write.ts'
import type { After } from './timers.ts'

export interface HoldOptions {
  readonly after: After
  /** Milliseconds without a change after which what takes something away is believed. */
  readonly settleAfter: number
  /** Runs when waiting has changed what the file contributes. */
  readonly settled: () => void
}

/** What one file gives to the state of its source. */
export interface Contribution {
  readonly path: string
  readonly real: string
  readonly manifests: readonly LocatedManifest[]
  /** Objects that the file's newest content lacks and that stay for now; they give way to the same object in another file. */
  readonly leaving: readonly LocatedManifest[]
  readonly diagnostics: readonly Diagnostic[]
}

/** A modification time this close to the clock may hide a second write: file systems tick in milliseconds. */
const raceWindow = 50

/** One file over time: its version in force, and a newer one that waits to be believed (see partial-write.ts). */
export class HeldFile {
  readonly path: string
  readonly #options: HoldOptions
  #stamp: FileStamp | undefined
  #readAt = 0
  #inForce: FileVersion | undefined
  #waiting: { readonly version: FileVersion | undefined; readonly cancel: () => void } | undefined
  #refused: string | undefined
  #problem: Diagnostic | undefined
  #unreadable: string | undefined
  #gone = false

  constructor(path: string, options: HoldOptions) {
    this.path = path
    this.#options = options
  }

  /** Its path behind symbolic links. */
  get real(): string {
    return this.#stamp?.real ?? this.path
  }

  /** Why the file cannot be read now. */
  get unreadable(): string | undefined {
    return this.#unreadable
  }

  /** True once its absence has been believed. */
  get gone(): boolean {
    return this.#gone
  }

  /** True when the file's content is known to be what was read last, so that it need not be read again. */
  isCurrent(stamp: FileStamp): boolean {
    const absent = this.#waiting !== undefined && this.#waiting.version === undefined
    if (this.#stamp === undefined || absent || this.#unreadable !== undefined || !sameStamp(this.#stamp, stamp)) return false
    return this.#readAt - Number(stamp.modified / 1_000_000n) > raceWindow
  }

  /** Reads the file again. Rejects only with ENOENT: what its absence means depends on the directory around it. */
  async read(): Promise<void> {
    const readAt = Date.now()
    const stamp = await stampFile(this.path)
    const text = await readFile(this.path, 'utf8')
    const change = changeBetween(this.#stamp, stamp)
    this.#stamp = stamp
    this.#readAt = readAt
    this.#unreadable = undefined
    this.#take(text, change)
  }

  /** The file is there, but it cannot be read: its last good content stays. */
  refuseToRead(reason: string): void {
    this.stay()
    this.#unreadable = reason
    this.#problem = problem('file/unreadable', `${this.path} cannot be read: ${reason}`, { file: this.path, line: 1, column: 1 })
  }

  /** The file is absent from a directory that is there: deleted, unless it comes back within the settle time (editors rename it away and back). */
  vanish(): void {
    if (this.#waiting !== undefined && this.#waiting.version === undefined) return
    this.#hold(undefined, () => {
      this.#gone = true
    })
  }

  /** Nothing is known about the file any more, as its whole directory is out of reach: what is in force stays until it is read again. */
  lose(): void {
    this.stay()
    this.#readAt = 0
  }

  /** What is in force stays, whatever was about to replace it. */
  stay(): void {
    this.#waiting?.cancel()
    this.#waiting = undefined
  }

  contribution(): Contribution {
    const version = this.#inForce
    const { path, real } = this
    const problems = this.#problem === undefined ? [] : [this.#problem]
    if (version === undefined || this.#gone) return { path, real, manifests: [], leaving: [], diagnostics: problems }
    const newest = this.#waiting === undefined ? version.parsed.manifests : (this.#waiting.version?.parsed.manifests ?? [])
    const present = keysOf(newest)
    const all = manifestsOf(version)
    return {
      path,
      real,
      manifests: all.filter(({ manifest }) => present.has(objectKey(manifest.id))),
      leaving: all.filter(({ manifest }) => !present.has(objectKey(manifest.id))),
      diagnostics: [...version.parsed.diagnostics, ...problems],
    }
  }

  #take(text: string, change: Change): void {
    this.stay()
    if (text === this.#refused && change === 'in-place') return
    this.#refused = undefined
    this.#problem = undefined
    if (text === this.#inForce?.text) return
    const next = nextVersion(this.path, text, this.#inForce)
    const verdict: Verdict = this.#inForce === undefined ? { kind: 'accept' } : judge(this.#inForce, next, change)
    if (verdict.kind === 'accept') {
      this.#inForce = next
      return
    }
    this.#hold(next, () => {
      if (verdict.settles === 'accept') {
        this.#inForce = next
        return
      }
      this.#refused = text
      this.#problem = truncated(this.path, text, verdict.offset)
    })
  }

  #hold(version: FileVersion | undefined, settle: () => void): void {
    this.stay()
    const cancel = this.#options.after(this.#options.settleAfter, () => {
      this.#waiting = undefined
      settle()
      this.#options.settled()
    })
    this.#waiting = { version, cancel }
  }
}

/** A file renamed into place was written before, so its inode changed later than its content; one created in place may still be half-written. */
function changeBetween(before: FileStamp | undefined, now: FileStamp): Change {
  if (before === undefined) return 'in-place'
  const swapped = before.real !== now.real
  const renamed = before.inode !== now.inode && now.changed > now.modified
  return swapped || renamed ? 'replaced' : 'in-place'
}

function truncated(file: string, text: string, offset: number): Diagnostic {
  const place = located({ file, text, linesBefore: 0 }, offset, offset + 1)
  return problem('file/truncated', `${file} ends in the middle of a line of its last version; its last good content stays in force`, place)
}

function problem(code: 'file/truncated' | 'file/unreadable', message: string, place: NonNullable<Diagnostic['place']>): Diagnostic {
  const hint = code === 'file/truncated' ? 'save the whole file again' : 'its last good content stays in force'
  return { code, severity: codes[code].severity, message, hint, place }
}

/** Reads `file`, and keeps what it had where that fails. Resolves to false when it is not there at all. */
export async function readOrKeep(file: HeldFile): Promise<boolean> {
  try {
    await file.read()
    return true
  } catch (thrown) {
    if (errorCode(thrown) === 'ENOENT') return false
    file.refuseToRead(reasonOf(thrown))
    return true
  }
}
