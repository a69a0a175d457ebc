import { setImmediate as immediate } from 'node:timers/promises'
import type { Severity } from '../diagnostics/codes.ts'
import { objectKey } from '../diagnostics/diagnostic.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { LocateOrigin } from '../diagnostics/located.ts'
import { recordDiagnostics } from '../diagnostics/record.ts'
import type { DiagnosticChange } from '../diagnostics/record.ts'
import { renderText } from '../diagnostics/render.ts'
import type { ShownDiagnostic } from '../observe/event.ts'
import { locateIn } from '../sources/locate.ts'
import type { Part, PartContext } from './part.ts'

export interface ShownFindings extends Part {
  /** Replaces the findings of a part by name, at once. */
  show(name: string, diagnostics: readonly Diagnostic[]): void
  /** Resolves when every pending finding is shown. */
  settled(): Promise<void>
  severities(): Readonly<Record<Severity, number>>
  /** The texts of errors and warnings that name an object of the process itself. */
  naming(name: string): readonly string[]
}

type Changed = readonly [part: string, diagnostics: readonly Diagnostic[]]

/** Milliseconds of rendering before streams, probes and watches get a turn. */
const slice = 8

/**
 * Shows every finding once, when it appears and when it is resolved. Only new findings are rendered, because
 * a position is found by reading its document again. Many new findings are rendered in slices.
 */
export function shownFindings(
  { pipeline, state, tell, isComplete }: Pick<PartContext, 'pipeline' | 'state' | 'tell' | 'isComplete'>,
  diagnosed: (change: DiagnosticChange) => void,
): ShownFindings {
  const record = recordDiagnostics()
  const shown = new Map<string, ShownDiagnostic>()
  /** Changes since findings were last shown. */
  let pending: Changed[] = []
  let showing: Promise<void> = Promise.resolve()
  let isShowing = false

  function update(parts: Iterable<Changed>): void {
    const change = record.update(parts)
    diagnosed(change)
    if (change.added.length + change.resolved.length === 0) return
    if (isShowing) showing = showing.then(() => showChange(change))
    else showing = showChange(change)
  }

  /** The first slice is shown before this returns. */
  async function showChange({ added, resolved }: DiagnosticChange): Promise<void> {
    isShowing = true
    let gone = resolved.flatMap((each) => shown.get(JSON.stringify(each)) ?? [])
    for (const each of resolved) shown.delete(JSON.stringify(each))
    const locate = locateIn(state().manifests)
    const rest = groupedByObject(added)
    for (let first = true; first || rest.length > 0; first = false) {
      if (!first) await immediate()
      const texts = renderSlice(rest, locate)
      for (const [each, text] of texts) shown.set(JSON.stringify(each), text)
      tell({ kind: 'diagnostics', added: texts.map(([, text]) => text), resolved: gone })
      gone = []
    }
    isShowing = false
  }

  function showPending(): void {
    if (!isComplete()) return
    const parts = pending
    pending = []
    update(parts)
  }

  return {
    name: 'shown findings',
    flushed({ report }) {
      for (const key of report.changed.get(pipeline.findings) ?? [])
        pending.push([key, pipeline.read.get(pipeline.findings, key) ?? []])
    },
    published() {
      pending.push(
        ['files', state().diagnostics],
        ['expired certificates', pipeline.expired(Date.now())],
        ['failures', pipeline.failures()],
      )
      // After the pushes.
      setImmediate(showPending)
    },
    show: (name, diagnostics) => update([[name, diagnostics]]),
    async settled() {
      showPending()
      await showing
    },
    severities: () => countBySeverity(shown.values()),
    naming: (name) =>
      [...shown.values()]
        .filter(({ severity, text }) => severity !== 'info' && text.includes(name))
        .map(({ text }) => text),
  }
}

interface Unshown {
  readonly diagnostic: Diagnostic
  readonly index: number
}

/** The findings of one object follow each other, so its document is read only once. */
function groupedByObject(diagnostics: readonly Diagnostic[]): Unshown[] {
  return [
    ...Map.groupBy(
      diagnostics.map((diagnostic, index) => ({ diagnostic, index })),
      ({ diagnostic: { origin } }) => (origin === undefined ? '' : objectKey(origin.object)),
    ).values(),
  ].flat()
}

/**
 * Takes findings from the front of the list and renders them until the slice is over; in their first order.
 */
function renderSlice(
  rest: Unshown[],
  locate: LocateOrigin,
): readonly (readonly [Diagnostic, ShownDiagnostic])[] {
  const end = performance.now() + slice
  const texts: (readonly [Unshown, ShownDiagnostic])[] = []
  for (const each of rest) {
    const { code, severity } = each.diagnostic
    texts.push([each, { code, severity, text: renderText([each.diagnostic], locate).trimEnd() }])
    if (performance.now() >= end) break
  }
  rest.splice(0, texts.length)
  return texts
    .toSorted(([a], [b]) => a.index - b.index)
    .map(([{ diagnostic }, text]) => [diagnostic, text] as const)
}

function countBySeverity(diagnostics: Iterable<ShownDiagnostic>): Readonly<Record<Severity, number>> {
  const counts = { error: 0, warning: 0, info: 0 }
  for (const { severity } of diagnostics) counts[severity] += 1
  return counts
}
