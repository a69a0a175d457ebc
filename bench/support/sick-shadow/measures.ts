import { Agent } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { waitFor } from '../../../src/demo/wait.ts'
import { median } from '../figures.ts'
import { get, openLoop, upload } from './open-loop.ts'
import type { LoopResult, UploadOptions } from './open-loop.ts'
import type { BackendKind } from './backend.ts'
import type { SickScene } from './scene.ts'

export interface Pace {
  /** Alternating rounds of each measurement. */
  readonly rounds: number
  /** Milliseconds of a round of requests. */
  readonly load: number
  /** Milliseconds of a round of requests beside answers without end. */
  readonly flood: number
  /** Megabytes of the uploads. */
  readonly sizes: readonly number[]
  /** Uploads of each size; their median counts. */
  readonly uploads: number
}

/** One line of the table, for one program. */
export interface Cell {
  readonly what: string
  /** Without a mirror, with one, and the one by the other. */
  readonly plain: string
  readonly shown: string
  readonly ratio: string
  readonly aim: string
  readonly met: boolean
  readonly failed: number
}

/** Requests a second. */
const rate = 500
const loads = ['healthy', 'resets', 'refuses', 'hangs'] as const satisfies readonly BackendKind[]

/**
 * Every request is copied, at 500 a second in an open loop, and beside it requests that are not. The cells of
 * each scene.
 */
export async function measureLoads(
  scenes: readonly SickScene[],
  { rounds, load }: Pace,
): Promise<readonly (readonly Cell[])[]> {
  const kinds = ['plain', ...loads] as const
  const results = scenes.map(() => new Map<string, LoopResult[]>(kinds.map((kind) => [kind, []])))
  const agents = scenes.map(() => new Agent({ keepAlive: true }))
  for (let round = 0; round < rounds; round += 1) {
    for (const kind of kinds) {
      for (const [index, scene] of scenes.entries()) {
        const agent = agents[index] ?? new Agent()
        results[index]
          ?.get(kind)
          ?.push(await openLoop({ ...scene.target(kind), rate, duration: load, agent }))
        if (kind !== 'plain') await quiet(scene, kind)
      }
    }
  }
  for (const agent of agents) agent.destroy()
  return results.map((found) =>
    loads.map((kind) => {
      const limit = kind === 'healthy' ? 1.1 : 1.3
      return latencies(`${kind}, 500/s`, {
        plain: found.get('plain') ?? [],
        mirrored: found.get(kind) ?? [],
        limit,
      })
    }),
  )
}

interface Compared {
  readonly plain: readonly LoopResult[]
  readonly mirrored: readonly LoopResult[]
  /** The limit, as a multiple of the p99 without a mirror. */
  readonly limit: number
}

function latencies(what: string, { plain, mirrored, limit }: Compared): Cell {
  const [p50, p99] = (['p50', 'p99'] as const).map((name) => ({
    without: median(plain.map((each) => each[name])),
    with: median(mirrored.map((each) => each[name])),
  }))
  const show = (name: 'without' | 'with'): string => `${p50?.[name].toFixed(2)}/${p99?.[name].toFixed(2)}`
  const ratios = [p50, p99].map((each) => (each?.with ?? Number.NaN) / (each?.without ?? Number.NaN))
  return {
    what,
    plain: show('without'),
    shown: show('with'),
    ratio: ratios.map((each) => each.toFixed(2)).join('/'),
    aim: `p99 ≤ ${limit}×`,
    met: (ratios[1] ?? Number.NaN) <= limit,
    failed: mirrored.reduce((sum, each) => sum + each.failed, 0),
  }
}

const copies = [1, 16, 64] as const

/** Requests that are not mirrored, while this many copies have an answer without end. */
export async function measureFloods(
  scenes: readonly SickScene[],
  { rounds, flood }: Pace,
): Promise<readonly (readonly Cell[])[]> {
  const counts = [0, ...copies]
  const results = scenes.map(() => new Map<number, LoopResult[]>(counts.map((count) => [count, []])))
  const agents = scenes.map(() => new Agent({ keepAlive: true }))
  for (let round = 0; round < rounds; round += 1) {
    for (const count of counts) {
      for (const [index, scene] of scenes.entries()) {
        const failed = await begin(scene, count)
        const result = await openLoop({
          ...scene.target('plain'),
          rate,
          duration: flood,
          agent: agents[index] ?? new Agent(),
        })
        results[index]?.get(count)?.push({ ...result, failed: result.failed + failed })
        await quiet(scene, 'endless')
      }
    }
  }
  for (const agent of agents) agent.destroy()
  return results.map((found) =>
    copies.map((count) =>
      latencies(`${count} endless, not mirrored`, {
        plain: found.get(0) ?? [],
        mirrored: found.get(count) ?? [],
        limit: 1.3,
      }),
    ),
  )
}

/** Brings as many copies under way as are wanted; returns how many requests failed. */
async function begin(scene: SickScene, wanted: number): Promise<number> {
  let failed = 0
  await waitFor({
    what: `${wanted} copies`,
    timeout: 60_000,
    signal: scene.signal,
    look: async () => {
      const missing = wanted - (await scene.underWay('endless'))
      if (missing <= 0) return true
      const times = await Promise.all(
        Array.from({ length: missing }, () => get(scene.target('endless'), false)),
      )
      failed += times.filter((time) => Number.isNaN(time)).length
      await delay(100)
      return undefined
    },
  })
  return failed
}

const megabyte = 1_000_000
const uploads = ['hangs', 'slow', 'resets', 'refuses'] as const satisfies readonly BackendKind[]

/** Uploads of each size, framed both ways. An upload that takes seconds is made once. */
export async function measureUploads(
  scenes: readonly SickScene[],
  { sizes, uploads: times }: Pace,
): Promise<readonly (readonly Cell[])[]> {
  const found: (readonly Cell[])[] = []
  for (const scene of scenes) {
    const cells: Cell[] = []
    for (const framing of ['content-length', 'chunked'] as const) {
      for (const size of sizes) {
        const one = { bytes: size * megabyte, framing }
        const plain = await several(scene, 'plain', { ...one, times })
        for (const kind of uploads)
          cells.push(
            uploadCell(
              `${kind}, ${size} MB ${framing}`,
              plain,
              await several(scene, kind, { ...one, times }),
            ),
          )
      }
    }
    found.push(cells)
  }
  return found
}

type Several = Pick<UploadOptions, 'bytes' | 'framing'> & { readonly times: number }

async function several(
  scene: SickScene,
  kind: BackendKind | 'plain',
  { times, ...one }: Several,
): Promise<readonly number[]> {
  const durations: number[] = []
  for (let index = 0; index < times && (durations.at(-1) ?? 0) < 2_000; index += 1)
    durations.push(await upload({ ...scene.target(kind), ...one }))
  if (kind !== 'plain') await quiet(scene, kind)
  return durations
}

function uploadCell(what: string, plain: readonly number[], mirrored: readonly number[]): Cell {
  const [without, taken] = [median(plain), median(mirrored)]
  return {
    what: `upload: ${what}`,
    plain: `${(without / 1000).toFixed(2)} s`,
    shown: `${(taken / 1000).toFixed(2)} s`,
    ratio: (taken / without).toFixed(2),
    aim: '≤ 1.1× + 0.1 s',
    met: taken <= without * 1.1 + 100,
    failed: mirrored.filter((time) => Number.isNaN(time)).length,
  }
}

/** Has the shadow end its answers until no copy is under way there: those that waited take new ones. */
async function quiet(scene: SickScene, kind: BackendKind): Promise<void> {
  await waitFor({
    what: 'the last copy',
    timeout: 60_000,
    signal: scene.signal,
    look: async () => {
      if ((await scene.underWay(kind)) === 0) return true
      await scene.shadow(kind).end()
      await delay(20)
      return undefined
    },
  })
}
