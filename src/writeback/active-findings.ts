import { objectKey } from '../diagnostics/diagnostic.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { DiagnosticChange } from '../diagnostics/record.ts'

/** An active diagnostic. */
export interface StandingDiagnostic {
  readonly diagnostic: Diagnostic
  /** Key of its object. */
  readonly object: string
  /** How often it was reported. */
  readonly told: number
}

/** The changes. */
export interface StandingChange {
  /** Keys of the objects concerned. */
  readonly objects: ReadonlySet<string>
  /** Keys of the diagnostics that were not there before. */
  readonly added: readonly string[]
}

/** The most resolved diagnostics whose number of reports is remembered. */
const mostRemembered = 10_000

/** The active diagnostics about objects, by object, except those of severity info. */
export class ActiveFindings {
  readonly #standing = new Map<string, { readonly diagnostic: Diagnostic; readonly object: string }>()
  readonly #byObject = new Map<string, Set<string>>()
  readonly #told = new Map<string, number>()

  update({ added, resolved }: DiagnosticChange): StandingChange {
    const objects = new Set<string>()
    for (const diagnostic of resolved)
      this.#change(diagnostic, objects, (key, ofObject) => {
        this.#standing.delete(key)
        ofObject.delete(key)
      })
    const keys: string[] = []
    for (const diagnostic of added)
      this.#change(diagnostic, objects, (key, ofObject, object) => {
        this.#standing.set(key, { diagnostic, object })
        ofObject.add(key)
        keys.push(key)
      })
    return { objects, added: keys }
  }

  keys(): Iterable<string> {
    return this.#standing.keys()
  }

  get(key: string): StandingDiagnostic | undefined {
    const found = this.#standing.get(key)
    return found === undefined ? undefined : { ...found, told: this.#told.get(key) ?? 0 }
  }

  /** The active diagnostics of an object. */
  of(object: string): readonly Diagnostic[] {
    return [...(this.#byObject.get(object) ?? [])].flatMap((key) => this.#standing.get(key)?.diagnostic ?? [])
  }

  toldOnce(key: string): void {
    if (this.#told.size >= mostRemembered)
      for (const each of [...this.#told.keys()].filter((known) => !this.#standing.has(known)))
        this.#told.delete(each)
    this.#told.set(key, (this.#told.get(key) ?? 0) + 1)
  }

  #change(
    diagnostic: Diagnostic,
    objects: Set<string>,
    change: (key: string, ofObject: Set<string>, object: string) => void,
  ): void {
    if (diagnostic.severity === 'info' || diagnostic.origin === undefined) return
    const object = objectKey(diagnostic.origin.object)
    const ofObject = this.#byObject.get(object) ?? new Set()
    change(JSON.stringify(diagnostic), ofObject, object)
    if (ofObject.size === 0) this.#byObject.delete(object)
    else this.#byObject.set(object, ofObject)
    objects.add(object)
  }
}
