/**
 * From taking a mirror out of a file to the last copy: `node bench/removal.ts [--json FILE] [--program
 * FILE]`.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { table } from '../src/demo/display.ts'
import { waitFor } from '../src/demo/wait.ts'
import { runBench } from './support/bench-run.ts'
import type { BenchReport, BenchSetting } from './support/bench-run.ts'
import { median } from './support/figures.ts'
import { drained } from './support/mirror-drain.ts'
import { carriesRoutes } from './support/routes-in-force.ts'
import { mountConfigMap, saveByRename, saveInPlace, swapConfigMap } from './support/saved-file.ts'
import { openScene } from './support/scene.ts'
import type { Scene } from './support/scene.ts'

export interface RemovalOptions extends BenchSetting {
  /** Removals of each way of saving. */
  readonly removals: number
  /** Milliseconds between two edits, at most. */
  readonly pause: number
}

const waysOfSaving = ['rename', 'in place', 'ConfigMap swap'] as const
type Saving = (typeof waysOfSaving)[number]

const save = { rename: saveByRename, 'in place': saveInPlace, 'ConfigMap swap': swapConfigMap } as const

/** One removal; times are milliseconds after the save began. */
export interface Removal {
  readonly saving: Saving
  /** When the first request was sent after which none is copied. */
  readonly stopped: number
  /**
   * Requests that were copied in the second before the removal: a mirror that copies nothing shows nothing.
   */
  readonly copiedBefore: number
}

/** Sends requests back to back, and takes the mirror out of the file and puts it back under them. */
export async function measureRemoval(
  options: RemovalOptions,
): Promise<BenchReport & { readonly removals: readonly Removal[] }> {
  const removals: Removal[] = []
  let [answered, failed] = [0, 0]
  for (const saving of waysOfSaving) {
    options.progress(`${options.removals} removals, saved by ${saving}`)
    const scene = await openScene({
      ...options,
      prepare: async ({ virtualService }) => {
        const text = mirrored(await readFile(virtualService, 'utf8'))
        await (saving === 'ConfigMap swap'
          ? mountConfigMap(virtualService, text)
          : writeFile(virtualService, text))
      },
    })
    const traffic = startTraffic(scene)
    try {
      for (let each = 0; each < options.removals; each += 1)
        removals.push(await removeOnce({ scene, traffic, options }, saving))
      await traffic.close()
      const tally = scene.ledger.tally()
      answered += tally.answered
      failed += tally.failed
    } finally {
      await traffic.close()
      await scene.close()
    }
  }
  return { removals, ...report(removals, { answered, failed }, options) }
}

interface Circumstances {
  readonly scene: Scene
  readonly traffic: Traffic
  readonly options: RemovalOptions
}

async function removeOnce({ scene, traffic, options }: Circumstances, saving: Saving): Promise<Removal> {
  const { signal } = options
  const file = scene.workspace.virtualService
  const text = await readFile(file, 'utf8')
  await waitFor({
    what: 'the mirror to copy',
    signal,
    look: () => scene.copied.has(traffic.sent.at(-3)?.id ?? '') || undefined,
  })
  // Not in step with anything that ticks.
  await delay(options.pause * (0.5 + Math.random() / 2), undefined, { signal })
  traffic.forget()
  await delay(50, undefined, { signal })
  const seen = scene.serve.events.length
  const startedAt = await save[saving](file, withoutMirror(text))
  await scene.serve.until('acked', seen, carriesRoutes)
  await delay(100, undefined, { signal })
  await drained(scene, signal)
  const { sent } = traffic
  const last = sent.findLastIndex(({ id }) => scene.copied.has(id))
  const stopped = sent[last + 1]
  if (stopped === undefined)
    throw new Error('every request was copied, though Envoy has acknowledged the routes')
  const copiedBefore = sent.filter(({ id, at }) => at < startedAt && scene.copied.has(id)).length
  const restored = scene.serve.events.length
  await save[saving](file, text)
  await scene.serve.until('acked', restored, carriesRoutes)
  return { saving, stopped: Math.max(0, stopped.at - startedAt), copiedBefore }
}

function mirrored(text: string): string {
  return text.replace(/(mirrorPercentage:\n\s+value: )\S+/, '$1100')
}

/** The mirror is the end of the file, so in place this is what half a write looks like, too. */
function withoutMirror(text: string): string {
  return text.slice(0, text.indexOf('    mirror:\n'))
}

interface Traffic {
  readonly sent: readonly { readonly id: string; readonly at: number }[]
  /** Forgets what was sent so far. */
  forget(): void
  close(): Promise<void>
}

/** One connection, requests back to back. */
function startTraffic(scene: Scene): Traffic {
  const sent: { id: string; at: number }[] = []
  const state = { running: true }
  const sending = (async () => {
    while (state.running) {
      const at = performance.now()
      const { id } = await scene.send('removal')
      sent.push({ id, at })
    }
  })()
  return {
    sent,
    forget: () => {
      sent.length = 0
    },
    close: async () => {
      state.running = false
      await sending
    },
  }
}

function report(
  removals: readonly Removal[],
  { answered, failed }: { readonly answered: number; readonly failed: number },
  options: RemovalOptions,
): BenchReport {
  const rows = waysOfSaving.map((saving) => {
    const stopped = removals.filter((each) => each.saving === saving).map((each) => each.stopped)
    return [saving, `${stopped.length}`, median(stopped).toFixed(1), Math.max(0, ...stopped).toFixed(1)]
  })
  const copying = removals.filter(({ copiedBefore }) => copiedBefore > 0).length
  return {
    lines: [
      'Each removal takes the mirror, the last lines of a file, out of a route that copies every request. ' +
        'One connection sends requests',
      'back to back. Milliseconds from the save (rename, truncating write, swap of ..data) to the first ' +
        'request after which none is copied.',
      '',
      ...table([['', 'removals', 'median', 'max'], ...rows]),
    ],
    expectations: [
      {
        what: 'requests were copied until each removal',
        held: copying === removals.length && copying === options.removals * waysOfSaving.length,
        found: `${copying}`,
      },
      {
        what: 'every answer is a 200 from production',
        held: failed === 0 && answered > 0,
        found: `${answered - failed} of ${answered}`,
      },
    ],
    data: { removals },
  }
}

if (import.meta.main)
  await runBench(600_000, (setting) => measureRemoval({ ...setting, removals: 20, pause: 200 }))
