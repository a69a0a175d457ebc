import { setTimeout as delay } from 'node:timers/promises'
import type { Display } from './display.ts'
import type { Expectation } from './expectation.ts'
import { copyBounds, overallExpectations, stepExpectations } from './expectation.ts'
import { expectedRoute } from './expected-route.ts'
import { shareInForce } from './route-dump.ts'
import type { Stage } from './stage.ts'
import { production } from './stage.ts'
import { containsSubset } from './subset.ts'
import type { Tally } from './tally.ts'
import { waitFor } from './wait.ts'

export interface RoundOptions {
  readonly stage: Stage
  readonly display: Display
  /** Requests a second. */
  readonly rate: number
  /** Requests that each step counts. */
  readonly requests: number
  readonly signal: AbortSignal
}

/** One step of the round, as the summary shows it. */
export interface StepResult {
  readonly edit: string
  readonly share: number
  readonly tally: Tally
  /**
   * Milliseconds from saving the file to the change in Envoy, or to the refusal; undefined if nothing was
   * edited.
   */
  readonly arrival: number | undefined
}

export interface RoundResult {
  readonly steps: readonly StepResult[]
  readonly expectations: readonly Expectation[]
}

/** The text to save, and the share that must be in force afterwards. */
const edits = [
  { save: 10, share: 0.1 },
  { save: 100, share: 1 },
  { save: 150, share: 1 },
  { save: 50, share: 0.5 },
] as const

/** Envoy's workers take a new route a moment after its config dump shows it. */
const workersLag = 25

/**
 * Drives requests through every edit. Rejects when a change does not arrive; what was counted wrong is an
 * expectation that did not hold.
 */
export async function playRound(options: RoundOptions): Promise<RoundResult> {
  const { stage, display, rate } = options
  const position = { step: 'start' }
  const traffic = stage.drive(
    () => rate,
    () => position.step,
  )
  const steps: StepResult[] = []
  const expectations: Expectation[] = []
  const count = async (edit: string, share: number, arrival: number | undefined): Promise<void> => {
    position.step = `${steps.length}`
    const tally = await countStep(options, position, share)
    const result = { edit, share, tally, arrival }
    steps.push(result)
    expectations.push(...stepExpectations(edit, tally, share))
    display.line(stepLine(result))
  }
  try {
    await waitForShare(options, 0.5)
    await count('the example', 0.5, undefined)
    expectations.push(await dumpExpectation(stage))
    for (const { save, share } of edits) {
      display.line(`saving ${save} % …`)
      const edited = await (save > 100 ? saveRefused(options, save) : saveAccepted(options, save))
      expectations.push(...edited.expectations)
      await count(`saved ${save} %`, share, edited.arrival)
    }
  } finally {
    await traffic.close()
  }
  return {
    steps,
    expectations: [...expectations, ...overallExpectations(stage.ledger.tally(), production, stage.copyHost)],
  }
}

interface Edited {
  readonly arrival: number
  readonly expectations: readonly Expectation[]
}

async function saveAccepted(options: RoundOptions, save: number): Promise<Edited> {
  const { savedAt } = await options.stage.workspace.setPercentage(save)
  await waitForShare(options, save / 100)
  return { arrival: performance.now() - savedAt, expectations: [] }
}

async function waitForShare({ stage, signal }: RoundOptions, share: number): Promise<void> {
  await waitFor({
    what: `${percent(share)} to arrive in Envoy`,
    signal,
    look: async () => (await shareInForce(stage.envoy)) === share || undefined,
  })
}

async function saveRefused({ stage, display, signal }: RoundOptions, save: number): Promise<Edited> {
  const { file, line, column, savedAt } = await stage.workspace.setPercentage(save)
  const place = `${file.slice(file.lastIndexOf('/') + 1)}:${line}:${column}`
  const error = await waitFor({
    what: `${save} % to be refused at ${place}`,
    signal,
    look: () => stage.errors.find((text) => text.includes(place)),
  })
  const arrival = performance.now() - savedAt
  display.line(
    error
      .split('\n')
      .map((text) => `    ${text}`)
      .join('\n'),
  )
  const share = await shareInForce(stage.envoy)
  return {
    arrival,
    expectations: [
      {
        what: `${save} % is refused at ${place}, and 100 % stays in force`,
        held: share === 1,
        found: `${share * 100} % in force`,
      },
    ],
  }
}

async function countStep(
  { stage, display, requests, signal }: RoundOptions,
  position: { step: string },
  share: number,
): Promise<Tally> {
  const counted = position.step
  position.step = 'settling'
  await delay(workersLag)
  position.step = counted
  const shown = (): Tally => stage.ledger.tally(counted)
  await waitFor({
    what: `${requests} requests`,
    timeout: 120_000,
    signal,
    look: () => {
      display.status(liveLine(shown(), share))
      return shown().sent >= requests || undefined
    },
  })
  position.step = 'between'
  await waitFor({
    what: 'the last answers',
    signal,
    look: () => shown().answered === shown().sent || undefined,
  })
  await lastCopies(shown)
  display.status('')
  return shown()
}

/**
 * Copies are sent with their request and arrive with its answer, give or take; quiet for a while means that
 * none is under way.
 */
async function lastCopies(tally: () => Tally): Promise<void> {
  for (let before = -1; before !== tally().copies;) {
    before = tally().copies
    await delay(100)
  }
}

async function dumpExpectation({ envoy }: Stage): Promise<Expectation> {
  const held = containsSubset(expectedRoute, await envoy.configDump())
  return {
    what: "Envoy's config dump holds the route of the example's README",
    held,
    found: held ? 'it does' : 'it does not',
  }
}

export function liveLine(tally: Tally, share: number): string {
  const { mean, tolerance } = copyBounds(tally.sent, share)
  return (
    `${percent(share).padStart(5)} mirrored  ${tally.sent} sent  ${tally.answered - tally.failed} from ` +
    `${production}  ` +
    `${tally.copies} copied (${mean.toFixed(0)} ± ${tolerance.toFixed(0)})  ${tally.failed} failed`
  )
}

function stepLine({ tally, share, arrival }: StepResult): string {
  return `${liveLine(tally, share)}${arrival === undefined ? '' : `  ${arrival.toFixed(0)} ms after saving`}`
}

export function percent(share: number): string {
  return `${Number((share * 100).toFixed(4))} %`
}
