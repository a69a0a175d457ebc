import { describe, expect, test } from 'vitest'
import { foreignName, foreignText, printable, printableJson } from '../../src/diagnostics/foreign-text.ts'

describe('text that somebody else wrote', () => {
  test.each([
    ['a line end', 'edge\nFAKE  1  SYNCED\r', String.raw`edge\nFAKE  1  SYNCED\r`],
    ['a tab', 'a\tb', String.raw`a\tb`],
    [
      'a command to the terminal',
      '\u001b[31mred\u001b]0;title\u0007',
      String.raw`\u001b[31mred\u001b]0;title\u0007`,
    ],
    ['a command of one byte, C1', '\u009b2J\u0085', String.raw`\u009b2J\u0085`],
    ['NUL and DEL', '\u0000\u007f', String.raw`\u0000\u007f`],
    ['a reversed order of reading', 'a\u202egnp.exe\u2066b\u200f', String.raw`a\u202egnp.exe\u2066b\u200f`],
    ['invisible characters', 'pay\u200bpal\ufeff\u00ad', String.raw`pay\u200bpal\ufeff\u00ad`],
    ['separators of lines and paragraphs', 'a\u2028b\u2029c', String.raw`a\u2028b\u2029c`],
    ['blanks of other widths', 'a\u00a0b\u3000c', String.raw`a\u00a0b\u3000c`],
    ['tags, which no font shows', 'a\u{e0041}', String.raw`a\u{e0041}`],
    ['half a character', 'a\ud800', String.raw`a\ud800`],
  ])('shows %s as an escape', (_, text, shown) => {
    expect(foreignText(text)).toBe(shown)
  })

  test('leaves what can be read as it is', () => {
    expect(printable('größe 東京 😀 "a" \\d+')).toBe('größe 東京 😀 "a" \\d+')
  })

  test('is cut, and its length reported', () => {
    expect(foreignText('a'.repeat(200))).toBe('a'.repeat(200))
    expect(foreignText('a'.repeat(15_000_000))).toBe(`${'a'.repeat(200)}… (15,000,000 characters)`)
    expect(foreignText('abc\n', 3)).toBe('abc… (4 characters)')
    expect(foreignText('ab😀', 3)).toBe('ab… (4 characters)')
  })
})

describe('a name that somebody else chose, as a cell of a table', () => {
  test.each([
    ['edge-1.default', 'edge-1.default'],
    ['sidecar~10.0.0.1~v1.default~default.svc', 'sidecar~10.0.0.1~v1.default~default.svc'],
    ['', '""'],
    ['edge  sotw  SYNCED 3', '"edge  sotw  SYNCED 3"'],
    ['#7', '"#7"'],
    ['a"b', String.raw`"a\"b"`],
    ['edge\nFAKE', String.raw`"edge\nFAKE"`],
    ['a\u00a0b', String.raw`"a\u00a0b"`],
  ])('%j is %s', (name, cell) => {
    expect(foreignName(name)).toBe(cell)
  })
})

test('JSON is printable, and means the same', () => {
  const value = { text: 'a\n\u001b\u007f\u009b\u202e\u2028\u00a0\u{e0041}é' }
  for (const text of [JSON.stringify(value), JSON.stringify(value, null, 2)]) {
    expect(printableJson(text).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}]|(?! )\p{Zs}/u)
    expect(JSON.parse(printableJson(text))).toEqual(value)
  }
})
