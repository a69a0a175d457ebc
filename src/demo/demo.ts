import { setTimeout as delay } from 'node:timers/promises'
import type { Display } from './display.ts'
import type { RoundOptions, RoundResult, StepResult } from './round.ts'
import { playRound, percent, liveLine } from './round.ts'
import type { StageOptions, Stage } from './stage.ts'
import { openStage } from './stage.ts'
import { DemoFailure } from './wait.ts'
import { table } from './display.ts'
import { copyBounds } from './expectation.ts'
import { shareInForce } from './route-dump.ts'

export interface DemoOptions extends Omit<StageOptions, 'signal'>, Pick<RoundOptions, 'rate' | 'requests'> {
  readonly display: Display
  /** `leave` after the round, or `stay` until the signal. */
  readonly afterwards: 'leave' | 'stay'
  /** Ends the demo from outside. */
  readonly signal: AbortSignal
}

/**
 * Plays the demo; resolves with whether every expectation held, rejects with DemoFailure when it could not go
 * on. Nothing of it is left, however it ends.
 */
export async function playDemo(options: DemoOptions): Promise<boolean> {
  const { display } = options
  display.line('starting production v1 and v2, cluster B, the control plane and Envoy …')
  const stage = await openStage(options)
  const envoyEnded = new AbortController()
  void stage.envoy.ended.then(() =>
    envoyEnded.abort(new DemoFailure(`Envoy ended by itself\n${stage.envoy.log()}`)),
  )
  const signal = AbortSignal.any([options.signal, envoyEnded.signal])
  try {
    display.line(`Envoy answers on http://127.0.0.1:${stage.port}; ${options.rate} requests a second`)
    const result = await playRound({ ...options, stage, signal })
    for (const line of ['', ...renderSummary(result)]) display.line(line)
    if (options.afterwards === 'stay') await stayUp({ stage, display, signal })
    if (envoyEnded.signal.aborted && !options.signal.aborted) throw envoyEnded.signal.reason
    return result.expectations.every(({ held }) => held)
  } finally {
    await stage.close()
  }
}

/** The round as a table, and each expectation with what was found. */
function renderSummary({ steps, expectations }: RoundResult): readonly string[] {
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

interface StayOptions {
  readonly stage: Stage
  readonly display: Display
  readonly signal: AbortSignal
}

const rate = 50
const refresh = 250

/** Goes on with a little traffic, and shows what it comes to and every error and change, until the signal. */
async function stayUp({ stage, display, signal }: StayOptions): Promise<void> {
  for (const line of invitation(stage)) display.line(line)
  const position = { step: 'live 0', share: await shareInForce(stage.envoy) }
  const traffic = stage.drive(
    () => rate,
    () => position.step,
  )
  let reported = stage.errors.length
  try {
    for (let change = 1; !signal.aborted;) {
      for (; reported < stage.errors.length; reported += 1) display.line(stage.errors[reported] ?? '')
      const share = await shareInForce(stage.envoy)
      if (share !== position.share) {
        display.line(`${percent(share)} in force, before ${percent(position.share)}`)
        Object.assign(position, { share, step: `live ${change}` })
        change += 1
      }
      display.status(liveLine(stage.ledger.tally(position.step), position.share))
      await delay(refresh, undefined, { signal }).catch(() => {})
    }
  } finally {
    display.status('')
    await traffic.close()
  }
}

function invitation({ workspace, controlPlane, envoy, port }: Stage): readonly string[] {
  const ideas = [
    ['a request of your own', `curl http://127.0.0.1:${port}/headers`],
    ['another percentage, or a mistake; what comes of it shows below', `$EDITOR ${workspace.virtualService}`],
    ['what Envoy holds', `curl http://${envoy.adminAddress}/config_dump`],
    [
      'the same without a server',
      `npm run shadowplane -- translate --role gateway --labels istio=ingressgateway -f ${workspace.folder}`,
    ],
    ['whether the control plane is well', `curl http://${controlPlane.adminAddress}/readyz`],
  ]
  const lines = ideas.flatMap(([what = '', command = '']) => [`  # ${what}`, `  ${command}`])
  return ['', 'Everything stays up. Try, in another terminal:', ...lines, 'Ctrl-C ends it and cleans up.', '']
}
