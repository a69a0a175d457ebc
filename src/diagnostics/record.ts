import type { Diagnostic } from './diagnostic.ts'

/** The effect of changed parts on the whole record. */
export interface DiagnosticChange {
  readonly added: readonly Diagnostic[]
  readonly resolved: readonly Diagnostic[]
}

/**
 * All active diagnostics, from parts that change one by one. The same diagnostic from several parts is one.
 */
export interface DiagnosticRecord {
  /** Takes the new list of each part; an empty list if the part has none, or was removed. */
  update(parts: Iterable<readonly [part: string, diagnostics: readonly Diagnostic[]]>): DiagnosticChange
  readonly current: Iterable<Diagnostic>
}

export function recordDiagnostics(): DiagnosticRecord {
  const parts = new Map<string, readonly string[]>()
  const standing = new Map<string, { readonly diagnostic: Diagnostic; parts: number }>()

  function count(key: string, diagnostic: Diagnostic): void {
    const known = standing.get(key)
    if (known === undefined) standing.set(key, { diagnostic, parts: 1 })
    else known.parts += 1
  }

  return {
    update(changes) {
      const touched = new Map<string, Diagnostic | undefined>()
      for (const [part, diagnostics] of changes) {
        for (const key of parts.get(part) ?? []) {
          const known = standing.get(key)
          if (!touched.has(key)) touched.set(key, known?.diagnostic)
          if (known !== undefined && --known.parts === 0) standing.delete(key)
        }
        const keys = diagnostics.map((diagnostic) => JSON.stringify(diagnostic))
        keys.forEach((key, index) => {
          if (!touched.has(key)) touched.set(key, standing.get(key)?.diagnostic)
          const diagnostic = diagnostics[index]
          if (diagnostic !== undefined) count(key, diagnostic)
        })
        if (keys.length === 0) parts.delete(part)
        else parts.set(part, keys)
      }
      return {
        added: [...touched]
          .filter(([key, before]) => before === undefined && standing.has(key))
          .flatMap(([key]) => standing.get(key)?.diagnostic ?? []),
        resolved: [...touched]
          .filter(([key, before]) => before !== undefined && !standing.has(key))
          .flatMap(([, before]) => before ?? []),
      }
    },
    get current() {
      return [...standing.values()].map(({ diagnostic }) => diagnostic)
    },
  }
}
