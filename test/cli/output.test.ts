import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../bench/support/free-port.ts'
import { projectRoot } from '../support/command.ts'
import { folderWith } from '../support/folder.ts'
import { running } from '../support/running.ts'
import { waitFor } from '../support/wait-for.ts'
import { patience, within } from '../support/within.ts'

const main = join(projectRoot, 'src/main.ts')
const example = 'examples/istio-cross-cluster'
const answersAt = (admin: string) =>
  fetch(`http://${admin}/readyz`).then(
    ({ status }) => status === 200,
    () => false,
  )

describe('serve goes on', () => {
  test.each(['stdout', 'stderr'] as const)('when the reader of its %s has gone', async (name) => {
    const serve = running([
      'serve',
      '--config',
      folderWith({ 'a.yaml': '' }),
      '--listen',
      '127.0.0.1:0',
      '--admin',
      '127.0.0.1:0',
    ])
    await serve.until('its address', (text) => text.includes('admin on'))
    const [, admin = ''] = /admin on http:\/\/(\S+)/.exec(serve.stdout()) ?? []
    await serve.closeReader(name)
    for (let lines = 0; lines < 3; lines += 1) {
      serve.signal('SIGHUP')
      expect(await answersAt(admin)).toBe(true)
    }
    serve.signal('SIGTERM')
    expect(await serve.ended()).toBe(0)
    expect(serve.stderr()).toBe('')
  })

  test.skipIf(!existsSync('/dev/full'))('when the disk of its log is full (needs /dev/full)', async () => {
    const full = openSync('/dev/full', 'w')
    onTestFinished(() => {
      closeSync(full)
    })
    const admin = `127.0.0.1:${await freePort()}`
    const child = spawn(
      process.execPath,
      [main, 'serve', '--config', folderWith({ 'a.yaml': '' }), '--listen', '127.0.0.1:0', '--admin', admin],
      { stdio: ['ignore', full, 'inherit'] },
    )
    onTestFinished(() => {
      child.kill('SIGKILL')
    })
    const ended = once(child, 'exit')
    await waitFor({ what: 'the control plane', look: async () => (await answersAt(admin)) || undefined })
    child.kill('SIGTERM')
    expect(await within(patience, 'its end', ended)).toEqual([0, null])
  })
})

/**
 * Writes so many numbered lines of a hundred characters at once, then one more for each line of standard
 * input.
 */
const writer = `
import { lineOutput } from ${JSON.stringify(join(projectRoot, 'src/cli/output/line-output.ts'))}
import { createInterface } from 'node:readline'
const write = lineOutput({ most: 50_000, lost: (count) => 'left out ' + count })
for (let line = 0; line < 10_000; line += 1) write(String(line).padEnd(100, '.'))
for await (const line of createInterface({ input: process.stdin })) write(line)
`

test('a reader that takes nothing costs lines, which are counted, and no memory', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', writer], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  // Nothing is read until all has been written.
  child.stdin.write('')
  const read: string[] = []
  let text = ''
  const ended = once(child, 'exit')
  const first = once(child.stdout, 'readable')
  await within(patience, 'the first lines', first)
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
  })
  await waitFor({
    what: 'what was kept',
    look: () => {
      child.stdin.write('more\n')
      return text.includes('more') || undefined
    },
  })
  child.stdin.end()
  await within(patience, 'its end', ended)
  read.push(...text.trimEnd().split('\n'))
  const numbered = read.filter((line) => line.length === 100)
  const at = read.findIndex((line) => line.startsWith('left out '))
  expect(numbered.length).toBeLessThan(10_000)
  expect(numbered.map((line) => Number.parseInt(line, 10))).toEqual(numbered.map((_, index) => index))
  expect(read[at]).toMatch(/^left out \d+$/)
  expect(Number(read[at]?.slice('left out '.length)) + numbered.length).toBeGreaterThanOrEqual(10_000)
})

describe('a command whose reader has gone keeps its exit status', () => {
  test.each([
    [['translate', '-f', example, '--role', 'gateway', '--labels', 'istio=ingressgateway'], 0],
    [['validate', '-f', example], 0],
    [['validate', '-f', 'test/cli/mistakes'], 1],
    [['convert', '-f', example, '--to', 'gateway-api'], 0],
    [['install', '--print'], 0],
    [['explain-code'], 0],
    [['--help'], 0],
  ] as const)('%j', async (args, status) => {
    const command = running(args)
    await command.closeReader('stdout')
    expect(await command.ended()).toBe(status)
    expect(command.stderr()).not.toContain('EPIPE')
  })
})

test.skipIf(!existsSync('/dev/full'))(
  'a command that cannot write its output says so in one line, with status 2 (needs /dev/full)',
  async () => {
    const full = openSync('/dev/full', 'w')
    onTestFinished(() => {
      closeSync(full)
    })
    const child = spawn(process.execPath, [main, 'validate', '-f', example], {
      stdio: ['ignore', full, 'pipe'],
      cwd: projectRoot,
    })
    let stderr = ''
    child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
      stderr += piece
    })
    expect(await within(patience, 'its end', once(child, 'close'))).toEqual([2, null])
    expect(stderr).toMatch(/shadowplane: standard output cannot be written: ENOSPC.*\n$/)
  },
)
