import { fork } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { AttackOrder } from './attack-main.ts'
import type { WireTarget } from './attack-wire.ts'
import { attacks } from './attacks.ts'
import { attackedScene } from './attacked-scene.ts'
import { stallTimeout, startAttacked } from './attacked-server.ts'
import type { Stall } from './attacked-server.ts'
import { fileAttacks } from './file-attacks.ts'
import { HonestProxy } from './honest-proxy.ts'
import { forgetPeak, usageOf } from '../process-usage.ts'

/** One attack on one server. */
export interface AttackCase {
  readonly attack: string
  /** Folder of the checkout that is attacked. */
  readonly program: string
  readonly server: 'serve' | 'serve, certificates' | 'library'
}

/** Milliseconds and bytes. */
export interface AttackFigures {
  /** From an edit until the last of the honest proxies has ACKed it; Infinity for one that did not come. */
  readonly idle: readonly number[]
  readonly attacked: readonly number[]
  readonly stall: { readonly idle: Stall; readonly attacked: Stall }
  readonly memory: { readonly before: number; readonly peak: number }
  readonly logged: number
  /** The answer to a proxy that came during the attack. */
  readonly newcomer: string
  readonly isRunning: boolean
}

export interface Pace {
  /** Milliseconds of edits before the attack, and during it. */
  readonly idle: number
  readonly attacked: number
}

const proxies = 3
const betweenEdits = 50
const editTimeout = 30_000
const newcomerTimeout = 10_000

export async function runAttack(
  { attack, program, server }: AttackCase,
  pace: Pace,
  signal: AbortSignal,
): Promise<AttackFigures> {
  await using parts = new AsyncDisposableStack()
  const scene = parts.adopt(await attackedScene(), (each) => each.close())
  const secured = server === 'serve, certificates'
  const serve = [
    '--config',
    scene.folder,
    ...(secured ? scene.identityFlags : []),
    ...(attacks[attack]?.flags ?? []),
  ]
  const running = parts.adopt(
    await startAttacked({ program, run: server === 'library' ? 'library' : { serve }, signal }),
    (each) => each.close(),
  )
  const at = (namespace: 'bank' | 'shop'): WireTarget => ({
    host: running.host,
    port: running.port,
    ...(secured ? { tls: scene.tlsOf(namespace) } : {}),
  })

  let revision = 0
  const marker = (): string => `revision-${String(revision).padStart(6, '0')}-`
  const edit = async (): Promise<number> => {
    if (server !== 'library') return scene.edit(marker())
    const begun = performance.now()
    running.send({ revision: marker() })
    return begun
  }
  const honest = await Promise.all(
    Array.from({ length: proxies }, async () => {
      const proxy = parts.adopt(new HonestProxy(at('bank')), (each) => {
        each.close()
      })
      await within(editTimeout, proxy.holds(marker()))
      return proxy
    }),
  )
  const edits = async (duration: number): Promise<readonly number[]> => {
    const times: number[] = []
    for (const end = performance.now() + duration; performance.now() < end;) {
      revision += 1
      const held = Promise.all(honest.map((proxy) => proxy.holds(marker())))
      const begun = await edit()
      times.push((await within(editTimeout, held)) === undefined ? Infinity : performance.now() - begun)
      if (times.at(-1) === Infinity) break
      await pause(betweenEdits)
    }
    return times
  }

  await edits(1_000) // warm
  await running.stall()
  const idle = await edits(pace.idle)
  const idleStall = await running.stall()
  const before = usageOf(running.pid).memory
  const loggedBefore = running.logged()
  forgetPeak(running.pid)
  await begin({ name: attack, target: at('shop') }, scene.folder, parts)
  const late = pause(pace.attacked / 2).then(() => newcomer(at('bank'), marker))
  const attacked = await edits(pace.attacked)
  const found = await late
  const stall = await running.stall().catch((): Stall => ({ time: stallTimeout, work: Number.NaN }))
  const { peak } = running.isRunning() ? usageOf(running.pid) : { peak: Number.NaN }
  return {
    idle,
    attacked,
    stall: { idle: idleStall, attacked: stall },
    memory: { before, peak },
    logged: running.logged() - loggedBefore,
    newcomer: found,
    isRunning: running.isRunning(),
  }
}

/** Begins an attack; it ends with the parts. */
async function begin(order: AttackOrder, folder: string, parts: AsyncDisposableStack): Promise<void> {
  const files = fileAttacks[order.name]
  if (files !== undefined) return files.put(folder)
  const child = fork(join(import.meta.dirname, 'attack-main.ts'), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const kill = (): void => {
    child.kill('SIGKILL')
  }
  process.once('exit', kill)
  parts.defer(async () => {
    const closed = new Promise((resolve) => {
      child.once('close', resolve)
    })
    kill()
    await closed
    process.off('exit', kill)
  })
  child.send(order)
  await within(
    stallTimeout,
    new Promise<true>((resolve) => {
      child.once('message', () => {
        resolve(true)
      })
    }),
  )
}

/** How long a proxy waits that comes now, until it has its routes. */
async function newcomer(target: WireTarget, marker: () => string): Promise<string> {
  const proxy = new HonestProxy(target)
  const begun = performance.now()
  // An edit may be under way: any revision will do.
  const held = proxy.holds('revision-').then(() => `${Math.round(performance.now() - begun)} ms`)
  const refused = proxy.ended.then((code) => (code === undefined ? 'connection closed' : `refused (${code})`))
  const found = await within(newcomerTimeout, Promise.race([held, refused]))
  proxy.close()
  return found ?? `nothing in ${newcomerTimeout / 1000} s at ${marker()}`
}

/** Undefined when it takes longer. */
async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => {
    resolve(undefined)
  }, milliseconds)
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
