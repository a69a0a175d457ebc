import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { codes } from '../../src/diagnostics/codes.ts'
import { projectRoot, shadowplane } from '../support/command.ts'

test('explain-code prints the page of a code', async () => {
  const { status, stdout } = await shadowplane(['explain-code', 'mirror/unknown-host'])
  expect(stdout).toBe(readFileSync(join(projectRoot, 'docs/diagnostics/mirror/unknown-host.md'), 'utf8'))
  expect(status).toBe(0)
})

test('without a code it lists all of them, with severity and summary', async () => {
  const { status, stdout } = await shadowplane(['explain-code'])
  const lines = stdout.trimEnd().split('\n')
  expect(lines.map((line) => line.split(' ', 1)[0])).toEqual(Object.keys(codes).toSorted())
  expect(lines.find((line) => line.startsWith('mirror/loop '))).toMatch(
    /^mirror\/loop +warning +copies arrive at/,
  )
  expect(status).toBe(0)
})

test.each([
  ['mirror/unknwon-host', 'did you mean mirror/unknown-host?'],
  ['percentage-rounded', 'did you mean mirror/percentage-rounded?'],
  ['quite/different', 'without a code, all are listed'],
])('%s is none: %s', async (code, says) => {
  const { status, stdout, stderr } = await shadowplane(['explain-code', code])
  expect(stderr).toContain(says)
  expect(stdout).toBe('')
  expect(status).toBe(2)
})
