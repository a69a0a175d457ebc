import { afterAll } from 'vitest'
import { renderTable } from '../conformance/table.ts'
import { statedLines } from './acceptance.ts'
import type { StatedLine } from './acceptance.ts'

/** The requests, the observations, and whether they agree with the line. */
export interface Verdict {
  readonly sent: string
  readonly seen: string
  readonly held: boolean
}

/** The stated lines of one folder, and what became of each; printed when the test file is over. */
export interface Book {
  /**
   * The one line of a scenario that matches; throws if none or several do, for then the test does not know
   * its data.
   */
  line(scenario: RegExp, text: RegExp): StatedLine
  note(line: StatedLine, verdict: Verdict): void
  /** The objects that the manifests assume, and the test supplies. */
  supplied(objects: readonly string[]): void
  /** The lines that did not hold, of scenarios whose name matches. */
  failed(scenario: RegExp): readonly string[]
  /** Lines that were not checked. */
  open(): readonly string[]
}

/**
 * `obstacle`: why nothing of the folder can run here, which is then all that is printed. `ground`: its name.
 */
export function openBook(folder: string, obstacle: string | undefined, ground: string): Book {
  if (obstacle !== undefined) console.warn(`${folder} from ${ground} is skipped: ${obstacle}`)
  const lines = statedLines(folder)
  const verdicts = new Map<StatedLine, Verdict>()
  const added = new Set<string>()
  afterAll(() => {
    if (verdicts.size > 0) console.log(render(`${folder}, from ${ground}`, { lines, verdicts, added }))
  })
  return {
    line(scenario, text) {
      const found = lines.filter((each) => scenario.test(each.scenario) && text.test(each.text))
      const [only] = found
      if (only === undefined || found.length > 1)
        throw new Error(`${folder}: ${found.length} lines of ${String(scenario)} match ${String(text)}`)
      return only
    },
    note: (line, verdict) => {
      verdicts.set(line, verdict)
    },
    supplied: (objects) => {
      for (const each of objects) added.add(each)
    },
    failed: (scenario) =>
      [...verdicts]
        .filter(([each, { held }]) => !held && scenario.test(each.scenario))
        .map(([{ text }, { sent, seen }]) => `${text}: sent ${sent}, seen ${seen}`),
    open: () => lines.filter((each) => !verdicts.has(each)).map(({ text }) => text),
  }
}

interface Page {
  readonly lines: readonly StatedLine[]
  readonly verdicts: ReadonlyMap<StatedLine, Verdict>
  readonly added: ReadonlySet<string>
}

function render(title: string, { lines, verdicts, added }: Page): string {
  const rows = lines.map((each) => {
    const verdict = verdicts.get(each)
    const result = verdict === undefined ? 'not run' : verdict.held ? 'held' : 'FAILED'
    return [each.scenario, each.text, verdict?.sent ?? '', verdict?.seen ?? '', result]
  })
  const held = [...verdicts.values()].filter((each) => each.held).length
  return [
    `${title}: ${held} of ${lines.length} stated lines held`,
    `supplied by the test, as the manifests take it for granted: ${[...added].join(', ') || 'nothing'}`,
    renderTable(['scenario', 'stated', 'sent', 'seen', ''], rows),
  ].join('\n')
}
