import { describe, expect, test } from 'vitest'
import { nextVersion } from '../../src/sources/files/version.ts'
import type { FileVersion } from '../../src/sources/files/version.ts'
import { judge, takesAway } from '../../src/sources/files/partial-write.ts'
import type { Ending, Verdict } from '../../src/sources/files/partial-write.ts'

const a = 'apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  ports: [80, 81]\n  type: x\n'
const b = a.replace('name: a', 'name: b')
const both = `${a}---\n${b}`

function versions(old: string, next: string): readonly [FileVersion, FileVersion] {
  const before = nextVersion('f.yaml', old, undefined)
  return [before, nextVersion('f.yaml', next, before)]
}

test.each<[string, string, string, boolean]>([
  ['the same', both, both, false],
  ['another value', both, both.replaceAll('81', '82'), false],
  ['a new field', both, `${both}more: 1\n`, false],
  ['a new list element', both, both.replaceAll('81]', '81, 82]'), false],
  ['a new object', a, both, false],
  ['another order', both, `${b}---\n${a}`, false],
  ['an object less', both, a, true],
  ['nothing left', both, '', true],
  ['a field less in the last document', both, `${a}---\n${b.replace('  type: x\n', '')}`, true],
  [
    'a field less in an earlier document, where no cut can be',
    both,
    `${a.replace('  type: x\n', '')}---\n${b}`,
    false,
  ],
  ['a list element less', a, a.replace(', 81', ''), true],
  ['an empty field', a, a.replace('type: x', 'type:'), true],
  ['a scalar for a list', a, a.replace('[80, 81]', 'none'), true],
  ['a syntax error in the last document, whose object stays', both, both.replace(/x\n$/, '"x\n'), false],
  ['a syntax error and an object less before it: nobody knows which', both, `${a}---\n"`, false],
])('%s: takesAway', (_, ...[old, next, expected]) => {
  expect(takesAway(...versions(old, next))).toBe(expected)
})

const accept: Verdict = { kind: 'accept' }
const settle = (ending: Ending): Verdict => ({ kind: 'hold', ending, settles: 'accept' })
const refuse = (offset: number): Verdict => ({ kind: 'hold', ending: 'open', settles: 'refuse', offset })
/** Two documents whose last lines nothing else has. */
const lasting = both.replace(/x\n$/, 'last\n')

describe('a change in place', () => {
  test.each<[string, string, string, Verdict]>([
    ['that takes nothing away', both, both.replaceAll('80', '8080'), accept],
    ['that takes something away', both, b, settle('as before')],
    ['that takes away the last object', both, `${a}# no b\n`, settle('of a line')],
    [
      'that takes an object away and ends as before',
      lasting,
      lasting.slice(a.length + 4),
      settle('as before'),
    ],
    [
      'that takes a field away and ends as before',
      lasting,
      lasting.replace('name: b}\nspec:\n  ports: [80, 81]', 'name: b}\nspec:\n  ports: [80]'),
      settle('as before'),
    ],
    [
      'that is a copy of the last lines so far',
      lasting,
      `${lasting.slice(a.length + 4)}---\n${lasting.slice(a.length + 4)}`,
      settle('of a line'),
    ],
    ['that ends before a line of the old', both, a, settle('of a line')],
    ['that ends inside a line of the old', both, a.slice(0, -3), refuse(a.length - 3)],
    ['that ends at the end of a line without its line end', both, a.slice(0, -1), settle('of a line')],
    ['that is empty', both, '', settle('open')],
    ['that loses the last line end only', both, both.slice(0, -1), accept],
    ['that ends inside a character', `${a}#é more\n`, `${a}#\uFFFD`, refuse(a.length + 1)],
    [
      'of another text that ends inside a line',
      both,
      both.replaceAll('80', '8080').slice(0, -2),
      settle('open'),
    ],
    [
      'of a text that always ended inside its line',
      both.slice(0, -1),
      both.replaceAll('80', '8080').slice(0, -1),
      accept,
    ],
    ['with a syntax error', both, `${a}---\n${b}x: [\n`, accept],
  ])('%s', (_, ...[old, next, expected]) => {
    expect(judge(...versions(old, next), 'in-place')).toEqual(expected)
  })
})

test('a file that was replaced is believed at once', () => {
  for (const next of ['', a, a.slice(0, -3)])
    expect(judge(...versions(both, next), 'replaced')).toEqual(accept)
})

test('objects of a document that cannot be read are kept, also over several such versions', () => {
  const first = nextVersion('f.yaml', both, undefined)
  const second = nextVersion('f.yaml', `${a}---\n[`, first)
  const third = nextVersion('f.yaml', `[\n---\n[`, second)
  expect(third.kept.map(({ manifest }) => manifest.id.name)).toEqual(['a', 'b'])
  expect(third.kept[1]?.locate(['metadata', 'name'])).toMatchObject({ line: 10, column: 18 })
  expect(nextVersion('f.yaml', a, third).kept).toEqual([])
})
