/**
 * Mistakes saved under load, and what is in force after each: `node bench/edits-under-load.ts [--json FILE]`.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Expectation } from '../src/demo/expectation.ts'
import type { Tally } from '../src/demo/tally.ts'
import { waitFor } from '../src/demo/wait.ts'
import { run } from '../src/envoy/run.ts'
import { runBench } from './support/bench-run.ts'
import type { BenchReport, BenchSetting } from './support/bench-run.ts'
import { editHeader, mistakes, withSecondDocument } from './support/mistake.ts'
import type { Mistake } from './support/mistake.ts'
import { carriesRoutes, describeRoute, routesInForce } from './support/routes-in-force.ts'
import type { RouteInForce } from './support/routes-in-force.ts'
import { saveByRename } from './support/saved-file.ts'
import { openScene } from './support/scene.ts'
import type { Scene } from './support/scene.ts'
import { mainProgram } from './support/serve-process.ts'
import { startLoad } from './support/steady-load.ts'
import type { SteadyLoad } from './support/steady-load.ts'

export interface EditsUnderLoadOptions extends BenchSetting {
  /** Requests a second, half of them to each of two hosts. */
  readonly rate: number
  /** Requests that each state of the file sees. */
  readonly requests: number
}

/** The result of one mistake. */
export interface MistakeResult {
  readonly mistake: Mistake
  /** The output of `validate`, without the folder. */
  readonly validate: string
  readonly place: string
  readonly shownByServe: string
  readonly inForce: readonly RouteInForce[]
  /** Responses that the control plane sent on its account. */
  readonly pushed: number
}

/** Saves each mistake and then the good file again, while requests go on. */
export async function measureEditsUnderLoad(
  options: EditsUnderLoadOptions,
): Promise<BenchReport & { readonly results: readonly MistakeResult[] }> {
  const scene = await openScene({
    ...options,
    prepare: async ({ virtualService }) => {
      await writeFile(virtualService, withSecondDocument(await readFile(virtualService, 'utf8')))
    },
  })
  try {
    const good = await readFile(scene.workspace.virtualService, 'utf8')
    const before = await routesInForce(scene.envoy)
    const load = scene.keep(
      startLoad({
        port: scene.port,
        rate: options.rate,
        hosts: { [scene.host]: 'production-v1', 'other.example': 'production-v2' },
      }),
    )
    const results: MistakeResult[] = []
    for (const mistake of mistakes) {
      options.progress(mistake.name)
      results.push(await makeMistake({ scene, load, good, before, ...options }, mistake))
    }
    await load.close()
    return { results, ...report(results, before, load.tally()) }
  } finally {
    await scene.close()
  }
}

interface Circumstances extends EditsUnderLoadOptions {
  readonly scene: Scene
  readonly load: SteadyLoad
  /** The file without a mistake, and what is in force with it. */
  readonly good: string
  readonly before: readonly RouteInForce[]
}

async function makeMistake(
  { scene, load, good, before, requests, signal }: Circumstances,
  mistake: Mistake,
): Promise<MistakeResult> {
  const { serve, envoy, workspace } = scene
  const text = mistake.edit(good)
  const from = serve.events.length
  await saveByRename(workspace.virtualService, text)
  const { added } = await serve.until('diagnostics', from, (event) =>
    event.added.some(({ code }) => code === mistake.code),
  )
  if (mistake.kind === 'unresolved') await serve.until('acked', from, carriesRoutes)
  const validated = await run(process.execPath, [mainProgram, 'validate', '-f', workspace.folder], {
    env: process.env,
    timeout: 30_000,
  })
  await load.more(requests, signal)
  const inForce = await routesInForce(envoy)
  const pushed = serve.of('pushed', from).length
  const beforeRepair = serve.events.length
  await saveByRename(workspace.virtualService, good)
  await serve.until('diagnostics', beforeRepair, (event) =>
    event.resolved.some(({ code }) => code === mistake.code),
  )
  await waitFor({
    what: 'the good file to be in force again',
    signal,
    look: async () => isDeepStrictEqual(await routesInForce(envoy), before) || undefined,
  })
  return {
    mistake,
    inForce,
    pushed,
    place: placeOf(mistake, text),
    validate:
      `${validated.output.replaceAll(`${workspace.folder}/`, '')}\nexit status ` +
      `${validated.status ?? 'none'}`,
    shownByServe: (added.find(({ code }) => code === mistake.code)?.text ?? '').replaceAll(
      `${workspace.folder}/`,
      '',
    ),
  }
}

/**
 * `file:line:column`, or `file:line` of the second document's start, which the diagnostic must not be above.
 */
function placeOf({ place }: Mistake, text: string): string {
  const lines = text
    .slice(0, place === undefined ? text.indexOf('\n---\n') + 1 : text.indexOf(place))
    .split('\n')
  return place === undefined
    ? `virtual-service.yaml:${lines.length}`
    : `virtual-service.yaml:${lines.length}:${(lines.at(-1) ?? '').length + 1}`
}

function report(
  results: readonly MistakeResult[],
  before: readonly RouteInForce[],
  tally: Tally,
): BenchReport {
  return {
    lines: [
      'in force at the start:',
      ...before.map((route) => `    ${describeRoute(route)}`),
      ...results.flatMap(({ mistake, validate, inForce, pushed }) => [
        '',
        `${mistake.name}: validate says`,
        ...validate.split('\n').map((line) => `    ${line}`),
        `  under serve: ${pushed === 1 ? '1 response' : `${pushed} responses`} pushed; in ` +
          `force${isDeepStrictEqual(inForce, before) ? ', as before' : ''}:`,
        ...inForce.map((route) => `    ${describeRoute(route)}`),
      ]),
      '',
      `${tally.sent} requests, ${tally.failed} failed`,
    ],
    expectations: [
      ...results.flatMap((result) => expectations(result, before)),
      {
        what: 'no request failed',
        held: tally.failed === 0 && tally.answered === tally.sent && tally.sent > 0,
        found:
          tally.failed === 0
            ? `${tally.answered} of ${tally.sent} answered`
            : `${tally.failed} of ${tally.sent} failed; the first: ${tally.failure ?? ''}`,
      },
    ],
    data: { results, requests: tally.sent, failed: tally.failed },
  }
}

function expectations(
  { mistake, validate, shownByServe, place, inForce, pushed }: MistakeResult,
  before: readonly RouteInForce[],
): readonly Expectation[] {
  const shown = shownByServe.split('  ', 1)[0] ?? ''
  const right = isPlaced(shown, place) && shown.endsWith(`error ${mistake.code}`)
  return [
    {
      what: `${mistake.name}: validate and serve say ${mistake.code} at ${place}`,
      held: right && validate.includes(shown) && validate.endsWith('exit status 1'),
      found: shown,
    },
    mistake.kind === 'refused'
      ? {
          what: `${mistake.name}: refused, so the last good version is in force and nothing is pushed`,
          held: isDeepStrictEqual(inForce, before) && pushed === 0,
          found: `${pushed} pushed, ${isDeepStrictEqual(inForce, before) ? 'as before' : 'other routes'}`,
        }
      : {
          what: `${mistake.name}: unresolved, so the new version is in force without that mirror`,
          held: isDeepStrictEqual(inForce, withoutFirstMirror(before)),
          found: inForce.map(describeRoute).join(' and '),
        },
  ]
}

/** The first route as the edit has it, less its mirror. */
function withoutFirstMirror(before: readonly RouteInForce[]): readonly RouteInForce[] {
  return before.map((route) =>
    route.virtualHost.startsWith('other.example')
      ? route
      : { ...route, mirrors: [], responseHeaders: [`${editHeader.name}: ${editHeader.value}`] },
  )
}

/** True for the very place, or, where that is a line only, for that line or one below it. */
function isPlaced(shown: string, place: string): boolean {
  const [file, line, column] = place.split(':')
  const [, shownFile, shownLine, shownColumn] = /^([^:]+):(\d+):(\d+) /.exec(shown) ?? []
  if (file !== shownFile) return false
  return column === undefined
    ? Number(shownLine) >= Number(line)
    : shownLine === line && shownColumn === column
}

if (import.meta.main) {
  await runBench(120_000, (setting) => measureEditsUnderLoad({ ...setting, rate: 100, requests: 150 }))
}
