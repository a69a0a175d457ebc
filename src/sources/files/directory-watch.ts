import { watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import { reasonOf } from './scan.ts'

/**
 * Something happened in `directory`; `name` is the entry in it, if the system says so. `rename`: the name
 * appeared, vanished or is another file now.
 */
export type Hint = (directory: string, name: string | undefined, event: 'rename' | 'change') => void

/**
 * Watches a changing set of directories. Its events are hints to look again, no more. On `fs.watch`, as
 * chokidar drops a second change of a file within 50 ms, which loses the end of a truncate-then-write.
 */
export class DirectoryWatches {
  readonly #hint: Hint
  readonly #watches = new Map<string, { readonly inode: string; readonly watcher: FSWatcher }>()
  #visited = new Set<string>()
  #failure: string | undefined

  constructor(hint: Hint) {
    this.#hint = hint
  }

  /** Why some directory cannot be watched now. */
  get failure(): string | undefined {
    return this.#failure
  }

  /**
   * Watches `directory` until a `sweep` before which it was not visited. Another inode at the same path gets
   * a new watch.
   */
  readonly visit = (directory: string, inode: string): void => {
    this.#visited.add(directory)
    const known = this.#watches.get(directory)
    if (known !== undefined && (known.inode === inode || inode === '')) return
    known?.watcher.close()
    this.#watches.delete(directory)
    try {
      const watcher = watch(directory, { persistent: false }, (event, name) =>
        this.#hint(directory, name ?? undefined, event),
      )
      watcher.on('error', () => {
        watcher.close()
        if (this.#watches.get(directory)?.watcher === watcher) this.#watches.delete(directory)
        this.#hint(directory, undefined, 'rename')
      })
      this.#watches.set(directory, { inode, watcher })
    } catch (thrown) {
      this.#failure = `${directory} cannot be watched: ${reasonOf(thrown)}`
    }
  }

  /** Like `visit`, for a directory whose events are useful but not required. */
  visitIfPossible(directory: string): void {
    const failure = this.#failure
    this.visit(directory, '')
    this.#failure = failure
  }

  /** Begins a round of visits. */
  begin(): void {
    this.#visited = new Set()
    this.#failure = undefined
  }

  /** Ends a round of visits: directories that were not visited are not watched any more. */
  sweep(): void {
    for (const [directory, { watcher }] of this.#watches) {
      if (this.#visited.has(directory)) continue
      watcher.close()
      this.#watches.delete(directory)
    }
  }

  close(): void {
    for (const { watcher } of this.#watches.values()) watcher.close()
    this.#watches.clear()
  }
}
