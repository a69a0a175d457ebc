import { describe, expect, test } from 'vitest'
import type { Diagnostic, Origin, Place } from '../../src/diagnostics/diagnostic.ts'
import { didYouMean } from '../../src/diagnostics/did-you-mean.ts'
import { excerpt } from '../../src/diagnostics/excerpt.ts'
import { renderPath } from '../../src/diagnostics/field-path.ts'
import { sortDiagnostics } from '../../src/diagnostics/located.ts'
import { renderGithub, renderJson, renderText } from '../../src/diagnostics/render.ts'

const object = { group: 'networking.istio.io', kind: 'VirtualService', namespace: 'default', name: 'reviews' }
const origin: Origin = { object, path: ['spec', 'http', 0, 'mirrorPercentage', 'value'] }
const percentage: Diagnostic = {
  code: 'mirror/percentage-out-of-range',
  severity: 'error',
  message: 'VirtualService default/reviews: spec.http[0].mirrorPercentage.value is 150, must be 0 to 100',
  hint: 'use 100 to mirror every request',
  origin,
}
const syntax: Diagnostic = {
  code: 'yaml/syntax',
  severity: 'error',
  message: 'Map keys must be unique',
  place: { file: 'a,b.yaml', line: 2, column: 1 },
}
const nowhere: Diagnostic = {
  code: 'manifest/unclaimed-kind',
  severity: 'info',
  message: '3 objects of kind Deployment\nare not read, 100%',
}

function locate(asked: Origin): Place | undefined {
  return asked === origin
    ? { file: 'reviews.yaml', line: 8, column: 14, text: '      value: 150', length: 3 }
    : undefined
}

test('text has the place, the line, a caret and the hint', () => {
  expect(renderText([nowhere, percentage, syntax], locate)).toBe(
    `a,b.yaml:2:1 error yaml/syntax  Map keys must be unique
reviews.yaml:8:14 error mirror/percentage-out-of-range  VirtualService default/reviews: ` +
      `spec.http[0].mirrorPercentage.value is 150, must be 0 to 100
    value: 150
           ^^^   hint: use 100 to mirror every request
info manifest/unclaimed-kind  3 objects of kind Deployment\\nare not read, 100%
`,
  )
  expect(renderText([], locate)).toBe('')
})

test(
  'of very many findings the first are printed, and a count of the rest; of a very long message the ' +
    'beginning; JSON has all',
  () => {
    const many = Array.from({ length: 1_234 }, (_, index): Diagnostic => ({
      ...syntax,
      place: { file: 'a.yaml', line: index + 1, column: 1 },
    }))
    const text = renderText(many, locate).split('\n')
    expect([text.length, text[999], text[1_000]]).toEqual([
      1_002,
      'a.yaml:1000:1 error yaml/syntax  Map keys must be unique',
      '… and 234 more; validate --output json prints all of them',
    ])
    expect(renderGithub(many, locate).split('\n')[1_000]).toBe(
      '::notice::… and 234 more; validate --output json prints all of them',
    )
    expect(JSON.parse(renderJson(many, locate))).toHaveLength(1_234)
    expect(renderText([{ ...nowhere, message: 'x'.repeat(5_000_000) }], locate)).toBe(
      `info manifest/unclaimed-kind  ${'x'.repeat(1_000)}… (5,000,000 characters)\n`,
    )
  },
)

test('json has each key always', () => {
  const rows: unknown = JSON.parse(renderJson([percentage, nowhere], locate))
  expect(rows).toEqual([
    {
      ...percentage,
      origin: undefined,
      object,
      path: origin.path,
      file: 'reviews.yaml',
      line: 8,
      column: 14,
    },
    { ...nowhere, hint: null, object: null, path: null, file: null, line: null, column: null },
  ])
  expect(JSON.parse(renderJson([], locate))).toEqual([])
})

test('a diagnostic without a hint of its own has that of its code, in every format', () => {
  const bare: Diagnostic = { code: 'mirror/loop', severity: 'warning', message: 'round and round' }
  const hint = 'end one of these mirrors, or exclude copies from it: their host ends in -shadow'
  expect(renderText([bare], locate)).toBe(`warning mirror/loop  round and round\n    hint: ${hint}\n`)
  expect(JSON.parse(renderJson([bare], locate))).toMatchObject([{ hint }])
  expect(renderGithub([bare], locate)).toContain(`(hint: ${hint})`)
  expect(renderText([{ ...bare, hint: 'mine' }], locate)).toContain('hint: mine')
})

test('what is said twice of one place, of an alias, is there once', () => {
  const place: Place = { file: 'a.yaml', line: 1, column: 1 }
  const twice = [0, 1].map((index): Diagnostic => ({
    ...percentage,
    place,
    origin: { object, path: ['spec', 'http', index] },
  }))
  expect(sortDiagnostics(twice, locate)).toHaveLength(1)
})

test("github has workflow commands with the runner's escapes", () => {
  expect(renderGithub([percentage, syntax, nowhere], locate).split('\n')).toEqual([
    '::error file=a%2Cb.yaml,line=2,col=1,title=yaml/syntax::Map keys must be unique',
    '::error file=reviews.yaml,line=8,col=14,title=mirror/percentage-out-of-range::VirtualService ' +
      'default/reviews: spec.http[0].mirrorPercentage.value is 150, must be 0 to 100 (hint: use 100 to ' +
      'mirror every request)',
    '::notice title=manifest/unclaimed-kind::3 objects of kind Deployment%0Aare not read, 100%25',
    '',
  ])
})

test('the order is file, line, column, code; the same diagnostic is there once', () => {
  const at = (file: string, line: number, column: number): Diagnostic => ({
    ...syntax,
    place: { file, line, column },
  })
  const wanted = [
    at('B', 1, 1),
    at('a', 2, 9),
    at('a', 10, 1),
    at('a', 10, 2),
    { ...at('a', 10, 2), message: 'n' },
    nowhere,
  ]
  const sorted = sortDiagnostics([...wanted.toReversed(), ...wanted.map((each) => ({ ...each }))], locate)
  expect(sorted.map(({ diagnostic }) => diagnostic)).toEqual(wanted)
})

describe('an excerpt', () => {
  const cases: readonly [string, Parameters<typeof excerpt>[0], string, string][] = [
    ['drops indentation', { text: '    a: b', column: 8, length: 1, width: 40 }, 'a: b', '   ^'],
    [
      'keeps what is marked of the indentation',
      { text: '    a: b', column: 3, length: 1, width: 40 },
      '  a: b',
      '^',
    ],
    ['shows a tab as one space', { text: '\ta:\tb', column: 5, length: 1, width: 40 }, 'a: b', '   ^'],
    [
      'cuts a long line at both sides',
      { text: `${'x'.repeat(50)}HERE${'y'.repeat(50)}`, column: 51, length: 4, width: 10 },
      '…xxxHEREyyy…',
      '    ^^^^',
    ],
    [
      'cuts at its end only',
      { text: `HERE${'y'.repeat(50)}`, column: 1, length: 4, width: 10 },
      'HEREyyyyyy…',
      '^^^^',
    ],
    [
      'cuts at its beginning only',
      { text: `${'x'.repeat(50)}HERE`, column: 51, length: 4, width: 10 },
      '…xxxxxxHERE',
      '       ^^^^',
    ],
    [
      'marks no more than it shows',
      { text: 'z'.repeat(50), column: 1, length: 50, width: 10 },
      'zzzzzzzzzz…',
      '^^^^^^^^^^',
    ],
    ['may point behind the line', { text: 'a: [', column: 5, length: 1, width: 10 }, 'a: [', '    ^'],
    ['may be empty', { text: '', column: 1, length: 1, width: 10 }, '', '^'],
  ]
  test.each(cases)('%s', (_, ...[marked, line, carets]) => {
    expect(excerpt(marked)).toEqual({ line, carets })
  })
})

test.each<[string, string | undefined]>([
  ['mirorPercentage', 'mirrorPercentage'],
  ['mirror_percentage', 'mirrorPercentage'],
  ['mirorrs', 'mirrors'],
  ['mirro', 'mirror'],
  ['ruote', 'route'],
  ['xyz', undefined],
  ['', undefined],
  ['timeouts', 'timeout'],
  ['t', undefined],
])('for %s the suggestion is %s', (name, expected) => {
  expect(didYouMean(name, ['mirror', 'mirrors', 'mirrorPercentage', 'route', 'timeout'])).toBe(expected)
})

test('a path is shown as people write it', () => {
  expect(renderPath(['metadata', 'annotations', 'shadowplane.io/shadow-host'])).toBe(
    'metadata.annotations["shadowplane.io/shadow-host"]',
  )
  expect(renderPath(['spec', 'http', 0, 'mirror'])).toBe('spec.http[0].mirror')
  expect(renderPath([])).toBe('')
})
