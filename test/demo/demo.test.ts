import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { findEnvoy } from '../../src/envoy/binary.ts'

const main = join(import.meta.dirname, '../../src/main.ts')
let binary: string

beforeAll(async () => {
  binary = (await findEnvoy({ env: process.env })).path
}, 400_000)

interface Run {
  readonly child: ChildProcess
  readonly output: () => string
  /** Resolves with the exit status. */
  readonly ended: Promise<number | null>
  /** The folder of temporary files of this run. */
  readonly folder: string
}

async function demo(envoy: string, ...args: readonly string[]): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), 'shadowplane-demo-test-'))
  const child = spawn(process.execPath, [main, 'demo', '--envoy', envoy, ...args], {
    env: { ...process.env, TMPDIR: folder },
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
    await rm(folder, { recursive: true, force: true })
  })
  return { child, output: () => text, ended, folder }
}

async function seen(run: Run, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const [, found] = pattern.exec(run.output()) ?? []
      if (found !== undefined) resolve(found)
    }
    run.child.stdout?.on('data', look)
    run.child.once('close', () => reject(new Error(`ended before ${String(pattern)}:\n${run.output()}`)))
    look()
  })
}

/** Nothing listens at Envoy's port any more, and the temporary folder is empty. */
async function expectNothingLeft(run: Run, port: string): Promise<void> {
  await expect(fetch(`http://127.0.0.1:${port}/headers`)).rejects.toThrow('fetch failed')
  expect(await readdir(run.folder)).toEqual([])
}

const listens = /Envoy answers on http:\/\/127\.0\.0\.1:(\d+)/

test('demo --once plays the round, every expectation holds, and nothing is left', async () => {
  const run = await demo(binary, '--once', '--requests', '300', '--rate', '500')
  const status = await run.ended
  expect(run.output()).toMatch(/virtual-service\.yaml:26:14 error mirror\/percentage-out-of-range/)
  expect(run.output()).toContain('every answer is a 200 from production-v1')
  expect(run.output()).not.toContain('FAILED')
  expect(status).toBe(0)
  await expectNothingLeft(run, listens.exec(run.output())?.[1] ?? '')
})

test('demo stays up after the round and ends at a signal', async () => {
  const run = await demo(binary, '--requests', '20', '--rate', '500')
  const port = await seen(run, listens)
  await seen(run, /(Everything stays up)/)
  expect((await fetch(`http://127.0.0.1:${port}/headers`)).headers.get('x-backend')).toBe('production-v1')
  run.child.kill('SIGTERM')
  await run.ended
  await expectNothingLeft(run, port)
})

test('demo cleans up when it is stopped in the middle', async () => {
  const run = await demo(binary, '--once', '--requests', '100000')
  const port = await seen(run, listens)
  run.child.kill('SIGINT')
  expect(await run.ended).toBe(1)
  expect(run.output()).toContain('stopped before the end of the round')
  await expectNothingLeft(run, port)
})

test('demo says why it cannot go on when Envoy does not start or ends, and nothing is left', async () => {
  const without = await demo(process.execPath, '--once')
  expect(await without.ended).toBe(1)
  expect(without.output()).toContain('the demo failed: Envoy did not start')
  expect(await readdir(without.folder)).toEqual([])

  const run = await demo(binary, '--requests', '20')
  const admin = await seen(run, /curl (\S+)\/config_dump/)
  await fetch(`${admin}/quitquitquit`, { method: 'POST' })
  expect(await run.ended).toBe(1)
  expect(run.output()).toContain('the demo failed: Envoy ended by itself')
  expect(await readdir(run.folder)).toEqual([])
})
