import type { ControlPlaneEvent, ShownDiagnostic } from '../../src/observe/event.ts'
import { within } from './within.ts'

/** The diagnostics in force, as a control plane tells them by its events. */
export interface Told {
  observe(event: ControlPlaneEvent): void
  inForce(): readonly ShownDiagnostic[]
  /** Waits until there is something to find; tried after each change. */
  until<T>(what: string, find: () => T | undefined): Promise<T>
}

export function recordTold(): Told {
  const inForce = new Map<string, ShownDiagnostic>()
  const waiting = new Set<() => void>()
  return {
    observe(event) {
      if (event.kind !== 'diagnostics') return
      for (const each of event.resolved) inForce.delete(each.text)
      for (const each of event.added) inForce.set(each.text, each)
      for (const look of [...waiting]) look()
    },
    inForce: () => [...inForce.values()],
    until: (what, find) =>
      within(
        10_000,
        what,
        new Promise((resolve) => {
          const look = (): void => {
            const found = find()
            if (found === undefined) return
            waiting.delete(look)
            resolve(found)
          }
          waiting.add(look)
          look()
        }),
      ),
  }
}
