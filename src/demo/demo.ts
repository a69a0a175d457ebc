import type { Display } from './display.ts'
import type { RoundOptions } from './round.ts'
import { playRound } from './round.ts'
import type { StageOptions } from './stage.ts'
import { openStage } from './stage.ts'
import { stayUp } from './stay.ts'
import { renderSummary } from './summary.ts'
import { DemoFailure } from './wait.ts'

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
