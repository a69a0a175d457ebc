import { setTimeout as delay } from 'node:timers/promises'
import type { Display } from './display.ts'
import { liveLine, percent } from './round.ts'
import { shareInForce } from './route-dump.ts'
import type { Stage } from './stage.ts'

export interface StayOptions {
  readonly stage: Stage
  readonly display: Display
  readonly signal: AbortSignal
}

const rate = 50
const refresh = 250

/** Goes on with a little traffic, and shows what it comes to and every error and change, until the signal. */
export async function stayUp({ stage, display, signal }: StayOptions): Promise<void> {
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
