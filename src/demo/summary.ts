import { table } from './display.ts'
import { copyBounds } from './expectation.ts'
import type { RoundResult, StepResult } from './round.ts'
import { percent } from './round.ts'

/** The round as a table, and each expectation with what was found. */
export function renderSummary({ steps, expectations }: RoundResult): readonly string[] {
  const head = ['', 'in force', 'after', 'requests', 'from v1', 'copied', 'expected', 'failed']
  return [
    ...table([head, ...steps.map(row)]),
    '',
    ...expectations.map(({ held, what, found }) => `${held ? 'ok    ' : 'FAILED'}  ${what}: ${found}`),
  ]
}

function row({ edit, share, tally, arrival }: StepResult): readonly string[] {
  const { mean, tolerance } = copyBounds(tally.sent, share)
  return [
    edit,
    percent(share),
    arrival === undefined ? '' : `${arrival.toFixed(0)} ms`,
    `${tally.sent}`,
    `${tally.answered - tally.failed}`,
    `${tally.copies}`,
    `${mean.toFixed(0)} ± ${tolerance.toFixed(0)}`,
    `${tally.failed}`,
  ]
}
