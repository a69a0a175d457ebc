import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { codes } from '../../src/diagnostics/codes.ts'
import { command, projectRoot, shadowplane } from '../support/command.ts'

interface Row {
  readonly code: string
  readonly file: string
  readonly line: number
  readonly column: number
}

/** By file: the code, and `line:column` of each place where it is found. */
const expected = JSON.parse(readFileSync(join(import.meta.dirname, 'mistakes.json'), 'utf8')) as Readonly<
  Record<string, { readonly code: string; readonly at: readonly string[] }>
>

test('each file has one mistake; it is found at its line and column, and nothing else is', async () => {
  const { status, stdout } = await command(['validate', '-f', 'test/cli/mistakes', '-o', 'json'])
  const found = (JSON.parse(stdout) as readonly Row[]).map(
    ({ code, file, line, column }) => `${file.split('/').at(-1)}:${line}:${column} ${code}`,
  )
  expect(found.toSorted()).toEqual(
    Object.entries(expected)
      .flatMap(([file, { code, at }]) => at.map((place) => `${file}:${place} ${code}`))
      .toSorted(),
  )
  expect(status).toBe(1)
})

test('the files show forty different codes, or more, and all of them have a page', () => {
  const shown = [...new Set(Object.values(expected).map(({ code }) => code))]
  expect(shown.length).toBeGreaterThanOrEqual(40)
  expect(shown.filter((code) => !Object.hasOwn(codes, code))).toEqual([])
  for (const code of shown)
    expect(readFileSync(join(projectRoot, 'docs/diagnostics', `${code}.md`), 'utf8')).toContain(code)
})

test('a file by itself says the same, as text', async () => {
  const { stdout, stderr } = await shadowplane([
    'validate',
    '-f',
    'test/cli/mistakes/rule-after-the-last.yaml',
  ])
  expect(stdout).toBe(
    `test/cli/mistakes/rule-after-the-last.yaml:22:7 warning route/unreachable  \
VirtualService rule-after-the-last/shop: no request gets here: spec.http[0] takes all of them before, so ` +
      `its mirrors copy nothing
    - uri: {prefix: /checkout}
      ^^^   hint: move it above spec.http[0], or remove it
`,
  )
  expect(stderr).toMatch(
    /^1 warning, \d+ notes?; --severity info prints all of them; shadowplane explain-code CODE says more\n$/,
  )
})
