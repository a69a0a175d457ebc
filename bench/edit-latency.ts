/**
 * From saving an edited file to the first request that obeys it: `node bench/edit-latency.ts [--json FILE]`.
 */
import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { table } from '../src/demo/display.ts'
import type { Expectation } from '../src/demo/expectation.ts'
import { waitFor } from '../src/demo/wait.ts'
import { runBench } from './support/bench-run.ts'
import { carriesRoutes } from './support/routes-in-force.ts'
import type { BenchReport, BenchSetting } from './support/bench-run.ts'
import { drained } from './support/mirror-drain.ts'
import { saveByRename, saveInPlace } from './support/saved-file.ts'
import { openScene } from './support/scene.ts'
import type { Scene } from './support/scene.ts'

export interface EditLatencyOptions extends BenchSetting {
  /** Edits of each way of saving. */
  readonly edits: number
  /** Milliseconds between two edits, at most. */
  readonly pause: number
  /** Milliseconds that the median may take; undefined: durations are only reported. */
  readonly aim: number | undefined
}

const waysOfSaving = ['rename', 'in place'] as const
type Saving = (typeof waysOfSaving)[number]

/** One edit; all times are milliseconds after the save began. */
export interface EditResult {
  readonly saving: Saving
  readonly percentage: number
  /** When the write or rename had returned. */
  readonly saved: number
  /**
   * When the control plane had the new routes, sent them, and got Envoy's ACK: from its log, in whole
   * milliseconds.
   */
  readonly changed: number
  readonly pushed: number
  readonly acked: number
  /** When the first request that obeyed was sent, and when its answer was there. */
  readonly sent: number
  readonly answered: number
  /** Whether that request was copied. */
  readonly copied: boolean
}

interface Obeying {
  readonly id: string
  readonly sentAt: number
  readonly answeredAt: number
}

const save = { rename: saveByRename, 'in place': saveInPlace } as const
const markHeader = 'x-edit'

/** Sends requests back to back, and edits the file under them. */
export async function measureEditLatency(
  options: EditLatencyOptions,
): Promise<BenchReport & { readonly edits: readonly EditResult[] }> {
  const scene = await openScene(options)
  const probe = startProbe(scene)
  try {
    const source = await readFile(scene.workspace.virtualService, 'utf8')
    const found: (Omit<EditResult, 'copied'> & { readonly id: string })[] = []
    for (const saving of waysOfSaving) {
      options.progress(`${options.edits} edits, saved by ${saving}`)
      for (let each = 0; each < options.edits; each += 1) {
        // Not in step with anything that ticks.
        await delay(options.pause * (0.5 + Math.random() / 2), undefined, { signal: options.signal })
        const mark = `${saving.replace(' ', '-')}.${each}`
        found.push(
          await measureEdit(
            { scene, probe, signal: options.signal },
            { saving, mark, percentage: each % 2 === 0 ? 0 : 100, source },
          ),
        )
      }
    }
    await probe.close()
    await drained(scene, options.signal)
    const edits = found.map(({ id, ...edit }) => ({ ...edit, copied: scene.copied.has(id) }))
    return { edits, ...report(edits, options, scene) }
  } finally {
    await probe.close()
    await scene.close()
  }
}

interface Edit {
  readonly saving: Saving
  /** Value of the header that the edited route adds. */
  readonly mark: string
  readonly percentage: number
  /** The file as the example has it. */
  readonly source: string
}

async function measureEdit(
  { scene, probe, signal }: { readonly scene: Scene; readonly probe: Probe; readonly signal: AbortSignal },
  edit: Edit,
): Promise<Omit<EditResult, 'copied'> & { readonly id: string }> {
  const text = editedText(edit)
  const seen = scene.serve.events.length
  const obeying = probe.first(edit.mark)
  const startedAt = await save[edit.saving](scene.workspace.virtualService, text)
  const savedAt = performance.now()
  const { id, sentAt, answeredAt } = await waitFor({
    what: `${edit.mark} to be obeyed`,
    signal,
    look: obeying,
  })
  const acked = await scene.serve.until('acked', seen, carriesRoutes)
  const changed = await scene.serve.until('config-changed', seen)
  const pushed = await scene.serve.until('pushed', seen, carriesRoutes)
  const after = (event: { readonly at: number }): number =>
    Math.max(0, event.at - performance.timeOrigin - startedAt)
  return {
    id,
    saving: edit.saving,
    percentage: edit.percentage,
    saved: savedAt - startedAt,
    changed: after(changed),
    pushed: after(pushed),
    acked: after(acked),
    sent: sentAt - startedAt,
    answered: answeredAt - startedAt,
  }
}

/** Another percentage and another header on the same route. */
function editedText({ source, percentage, mark }: Edit): string {
  const text = source.replace(/(mirrorPercentage:\n\s+value: )\S+/, `$1${percentage}`).trimEnd()
  return `${text}\n    headers:\n      response:\n        set:\n          ${markHeader}: ${mark}\n`
}

interface Probe {
  /** Returns what tells of the first request since now whose answer carries this mark. */
  first(mark: string): () => Obeying | undefined
  close(): Promise<void>
}

/** One connection, requests back to back. */
function startProbe(scene: Scene): Probe {
  const state: { running: boolean; mark: string; obeying: Obeying | undefined } = {
    running: true,
    mark: '',
    obeying: undefined,
  }
  const probing = (async () => {
    while (state.running) {
      const sentAt = performance.now()
      const answer = await scene.send('probe')
      if (state.obeying === undefined && answer.headers[markHeader] === state.mark)
        state.obeying = { id: answer.id, sentAt, answeredAt: performance.now() }
    }
  })()
  return {
    first: (mark) => {
      Object.assign(state, { mark, obeying: undefined })
      return () => state.obeying
    },
    close: async () => {
      state.running = false
      await probing
    },
  }
}

function report(edits: readonly EditResult[], { aim }: EditLatencyOptions, { ledger }: Scene): BenchReport {
  const tally = ledger.tally()
  const columns = ['saved', 'changed', 'pushed', 'acked', 'sent', 'answered'] as const
  const head = [
    '',
    'edits',
    '',
    'write returned',
    'routes computed',
    'pushed',
    'ACKed',
    'obeying request sent',
    'its answer',
  ]
  const rows = waysOfSaving.flatMap((saving) => {
    const own = edits.filter((edit) => edit.saving === saving)
    const row = (name: string, pick: (values: readonly number[]) => number): string[] => [
      saving,
      `${own.length}`,
      name,
      ...columns.map((column) => pick(own.map((edit) => edit[column])).toFixed(1)),
    ]
    return [row('median', median), row('max', maximum)]
  })
  const answered = edits.map((edit) => edit.answered)
  return {
    lines: [
      'Each edit sets another percentage (0 and 100 in turn) and another response header on the same ' +
        'route. One connection sends',
      'requests back to back; the first answer with the new header belongs to the first request that ' +
        'obeys. Milliseconds since',
      'the save began (rename, or truncating write); the three in the middle are from the log of serve, ' +
        'in whole milliseconds.',
      '',
      ...table([head, ...rows]),
      '',
      `all ${edits.length} edits: median ${median(answered).toFixed(1)} ms, maximum ` +
        `${maximum(answered).toFixed(1)} ms`,
    ],
    expectations: [
      ...obedience(edits),
      {
        what: 'every answer is a 200 from production',
        held: tally.failed === 0 && tally.answered > 0,
        found:
          tally.failed === 0
            ? `${tally.answered}`
            : `${tally.failed} of ${tally.answered} failed; the first: ${tally.failure ?? ''}`,
      },
      ...(aim === undefined
        ? []
        : [
            {
              what: `the median is under ${aim} ms`,
              held: median(answered) < aim,
              found: `${median(answered).toFixed(1)} ms`,
            },
          ]),
    ],
    data: { edits, median: median(answered), maximum: maximum(answered) },
  }
}

function obedience(edits: readonly EditResult[]): readonly Expectation[] {
  const right = edits.filter(({ copied, percentage }) => copied === (percentage === 100))
  return [
    {
      what: 'the first request that obeys is copied at 100 % and not at 0 %',
      held: right.length === edits.length && edits.length > 0,
      found: `${right.length} of ${edits.length}`,
    },
  ]
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2
}

function maximum(values: readonly number[]): number {
  return Math.max(0, ...values)
}

if (import.meta.main) {
  await runBench(120_000, (setting) => measureEditLatency({ ...setting, edits: 20, pause: 300, aim: 30 }))
}
