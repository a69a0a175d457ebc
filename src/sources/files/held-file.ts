import { codes } from '../../diagnostics/codes.ts'
import { objectKey } from '../../diagnostics/diagnostic.ts'
import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import { isConfidential } from '../../manifest/confidential.ts'
import type { MayBeRead } from '../../manifest/kubernetes-object.ts'
import type { LocatedManifest } from '../../manifest/manifest.ts'
import { located } from '../../manifest/text-position.ts'
import { errorCode, reasonOf, sameStamp, stampFile, stampOpened } from './scan.ts'
import type { FileStamp } from './scan.ts'
import { keysOf, manifestsOf, nextVersionInTurns } from './version.ts'
import type { FileVersion } from './version.ts'
import { writersOf } from './open-writers.ts'
import type { Writers } from './open-writers.ts'
import { judge } from './partial-write.ts'
import type { Change, Ending, Verdict } from './partial-write.ts'
import { readTextFile, UnsuitableFile } from './read-text.ts'
import type { After } from '../../clock.ts'

export interface HoldOptions {
  readonly after: After
  readonly mayBeRead?: MayBeRead | undefined
  /** The longest pause, in milliseconds; the others are at most as long. */
  readonly settleAfter: number
  /**
   * The number of times that the name, or the path behind its links, became another file or vanished (as the
   * system reported it) since the last call.
   */
  readonly renamesOf: (paths: readonly string[]) => number
  /** Runs when waiting has changed what the file contributes. */
  readonly settled: () => void
  /** Runs when the file at this path was seen to have changed, without an event. */
  readonly changed: (path: string) => void
}

/** Milliseconds without a change after which what a file lacks is believed to be gone. */
export const pauses = {
  /** The text ends like the version in force. */
  whole: 20,
  /** The text ends at the end of a line, and no process has the file open for writing. */
  closed: 40,
  /** The text ends at the end of a line, and its writers are not visible. */
  unseen: 500,
  /** The file is absent: editors rename a file away and create it again. */
  absent: 250,
  /** A process has it open for writing, and has written nothing for this long. */
  open: 30_000,
} as const

/** The part of the source's state that comes from one file. */
export interface Contribution {
  readonly path: string
  readonly real: string
  readonly manifests: readonly LocatedManifest[]
  /**
   * Objects that the file's newest content lacks and that stay for now; they give way to the same object in
   * another file.
   */
  readonly leaving: readonly LocatedManifest[]
  readonly diagnostics: readonly Diagnostic[]
}

/** A newer content that is not believed yet; without a version: the file is absent. */
interface Waiting {
  readonly version: FileVersion | undefined
  cancel: () => void
}

/** A modification time this close to the clock may hide a second write: file systems tick in milliseconds. */
const raceWindow = 50

/**
 * One file over time: its version in force, and a newer one that waits until it is surely complete (see
 * partial-write.ts).
 */
export class HeldFile {
  readonly path: string
  readonly #options: HoldOptions
  #stamp: FileStamp | undefined
  #readAt = 0
  #inForce: FileVersion | undefined
  #waiting: Waiting | undefined
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

  /** True if the file surely still has the content that was read last, so that it need not be read again. */
  isCurrent(stamp: FileStamp): boolean {
    const absent = this.#waiting !== undefined && this.#waiting.version === undefined
    if (
      this.#stamp === undefined ||
      absent ||
      this.#unreadable !== undefined ||
      !sameStamp(this.#stamp, stamp)
    )
      return false
    return this.#readAt - Number(stamp.modified / 1_000_000n) > raceWindow
  }

  /** Reads the file again. */
  async read(): Promise<void> {
    const readAt = Date.now()
    const { stats, text } = await readTextFile(this.path)
    const stamp = await stampOpened(this.path, stats)
    const change = await this.#changeTo(stamp)
    this.#stamp = stamp
    this.#readAt = readAt
    this.#unreadable = undefined
    await this.#take(text, change)
  }

  /** The file is there, but it cannot be read: its last good content stays. */
  refuseToRead(reason: string): void {
    this.stay()
    this.#unreadable = reason
    this.#problem = problem('file/unreadable', `${this.path} cannot be read: ${reason}`, {
      file: this.path,
      line: 1,
      column: 1,
    })
  }

  /**
   * The file is absent from a directory that is there: deleted, unless it comes back within the settle time
   * (editors rename it away and back).
   */
  vanish(): void {
    if (this.#waiting !== undefined && this.#waiting.version === undefined) return
    this.stay()
    const waiting: Waiting = { version: undefined, cancel: () => {} }
    this.#waiting = waiting
    waiting.cancel = this.#after(pauses.absent, () => {
      this.#waiting = undefined
      this.#gone = true
      this.#options.settled()
    })
  }

  /** The whole directory cannot be read: the version in force stays until the file is read again. */
  lose(): void {
    this.stay()
    this.#readAt = 0
  }

  /** The version in force stays, and a waiting one is dropped. */
  stay(): void {
    this.#waiting?.cancel()
    this.#waiting = undefined
  }

  contribution(): Contribution {
    const version = this.#inForce
    const { path, real } = this
    const problems = this.#problem === undefined ? [] : [this.#problem]
    if (version === undefined || this.#gone)
      return { path, real, manifests: [], leaving: [], diagnostics: problems }
    const newest =
      this.#waiting === undefined ? version.parsed.manifests : (this.#waiting.version?.parsed.manifests ?? [])
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

  async #take(text: string, change: Change): Promise<void> {
    this.stay()
    if (text === this.#refused && change === 'in-place') return
    this.#refused = undefined
    this.#problem = undefined
    if (text === this.#inForce?.text) return
    const next = await nextVersionInTurns(
      { file: this.path, text, mayBeRead: this.#options.mayBeRead },
      this.#inForce,
    )
    const verdict: Verdict =
      this.#inForce === undefined ? { kind: 'accept' } : judge(this.#inForce, next, change)
    if (verdict.kind === 'accept') {
      this.#inForce = next
      return
    }
    this.#hold(next, verdict.ending, () => {
      if (verdict.settles === 'accept') {
        this.#inForce = next
        return
      }
      this.#refused = text
      this.#problem = truncated(this.path, text, verdict.offset)
    })
  }

  /**
   * How the file got the state of `stamp`. A rename over it is one event of its name; a file created in place
   * was removed before, which makes two. Without events, a renamed file has an inode that changed later than
   * its content.
   */
  async #changeTo(stamp: FileStamp): Promise<Change> {
    const before = this.#stamp
    if (before === undefined || (before.real === stamp.real && before.inode === stamp.inode))
      return 'in-place'
    if (before.real !== stamp.real) return 'replaced'
    // Events before the scan have been reported after a whole turn of the event loop.
    await turn()
    await turn()
    const renames = this.#options.renamesOf([this.path, stamp.real])
    return renames === 1 || stamp.changed > stamp.modified ? 'replaced' : 'in-place'
  }

  /** Waits as long as the text's ending demands, and then for those who have the file open for writing. */
  #hold(version: FileVersion, ending: Ending, settle: () => void): void {
    this.stay()
    const waiting: Waiting = { version, cancel: () => {} }
    this.#waiting = waiting
    const first =
      ending === 'as before'
        ? pauses.whole
        : ending === 'of a line'
          ? pauses.closed
          : this.#options.settleAfter
    let waited = 0
    const wait = (milliseconds: number): void => {
      waited += milliseconds
      waiting.cancel = this.#after(milliseconds, () => void look())
    }
    const look = async (): Promise<void> => {
      const writers = ending === 'as before' ? 'none' : await writersOf(this.path)
      const stamp = await stampFile(this.path).catch(() => undefined)
      if (this.#waiting !== waiting) return
      if (stamp === undefined || this.#stamp === undefined || !sameStamp(stamp, this.#stamp)) {
        this.#options.changed(this.path)
        return
      }
      if (waited < patienceFor(writers)) {
        // Each look reads the open files of all processes, so they become rarer.
        wait(waited < 1_000 ? pauses.closed : pauses.unseen)
        return
      }
      this.#waiting = undefined
      settle()
      this.#options.settled()
    }
    wait(first)
  }

  #after(milliseconds: number, action: () => void): () => void {
    return this.#options.after(Math.min(milliseconds, this.#options.settleAfter), action)
  }
}

function patienceFor(writers: Writers): number {
  return writers === 'some' ? pauses.open : writers === 'unknown' ? pauses.unseen : 0
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

function truncated(file: string, text: string, offset: number): Diagnostic {
  const place = located(
    { file, text, linesBefore: 0, confidential: isConfidential(text) },
    offset,
    offset + 1,
  )
  return problem(
    'file/truncated',
    `${file} ends in the middle of a line of its last version; its last good content stays in force`,
    place,
  )
}

function problem(
  code: 'file/truncated' | 'file/unreadable',
  message: string,
  place: NonNullable<Diagnostic['place']>,
): Diagnostic {
  const hint =
    code === 'file/truncated' ? 'save the whole file again' : 'its last good content stays in force'
  return { code, severity: codes[code].severity, message, hint, place }
}

/** The result of reading a file: its former content stays unless it was read. */
export type ReadResult =
  | { readonly kind: 'read' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unsuitable'; readonly reason: string }

/** Reads `file`, and keeps its former content if that fails. Never rejects. */
export async function readOrKeep(file: HeldFile): Promise<ReadResult> {
  try {
    await file.read()
  } catch (thrown) {
    if (errorCode(thrown) === 'ENOENT') return { kind: 'absent' }
    if (thrown instanceof UnsuitableFile) {
      file.stay()
      return { kind: 'unsuitable', reason: thrown.message }
    }
    file.refuseToRead(reasonOf(thrown))
  }
  return { kind: 'read' }
}
