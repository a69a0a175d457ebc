import { recordInternalErrors } from '../diagnostics/internal-error.ts'
import type { Part, PartContext } from './part.ts'

/** Logs each bug of ours once, with its stack. */
export function internalErrors({ pipeline, tell }: PartContext): Part {
  const bugs = recordInternalErrors()
  return {
    name: 'internal errors',
    published() {
      for (const bug of bugs.update(pipeline.thrown())) tell({ kind: 'internal-error', ...bug })
    },
  }
}
