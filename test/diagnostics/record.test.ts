import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Diagnostic } from '../../src/diagnostics/diagnostic.ts'
import { recordDiagnostics } from '../../src/diagnostics/record.ts'

const diagnostic = (message: string): Diagnostic => ({ code: 'yaml/syntax', severity: 'error', message })
const messages = (diagnostics: Iterable<Diagnostic>): readonly string[] =>
  [...diagnostics].map(({ message }) => message).toSorted()

test('one that two parts have is added once, and resolved with the last of them', () => {
  const record = recordDiagnostics()
  expect(
    messages(
      record.update([
        ['a', [diagnostic('x')]],
        ['b', [diagnostic('x')]],
      ]).added,
    ),
  ).toEqual(['x'])
  expect(record.update([['a', []]])).toEqual({ added: [], resolved: [] })
  expect(messages(record.update([['b', [diagnostic('y')]]]).resolved)).toEqual(['x'])
  expect(messages(record.current)).toEqual(['y'])
})

test('one that moves from a part to another in one change is neither added nor resolved', () => {
  const record = recordDiagnostics()
  record.update([['a', [diagnostic('x')]]])
  expect(
    record.update([
      ['a', []],
      ['b', [diagnostic('x')]],
    ]),
  ).toEqual({ added: [], resolved: [] })
})

test('what stands is what the parts have, and each change is the difference', () => {
  const change = fc.array(
    fc.tuple(
      fc.constantFrom('a', 'b', 'c'),
      fc.array(fc.constantFrom('x', 'y', 'z').map(diagnostic), { maxLength: 3 }),
    ),
    { maxLength: 3 },
  )
  fc.assert(
    fc.property(fc.array(change, { maxLength: 8 }), (changes) => {
      const record = recordDiagnostics()
      const parts = new Map<string, readonly Diagnostic[]>()
      for (const each of changes) {
        const before = new Set(messages(record.current))
        const { added, resolved } = record.update(each)
        for (const [part, diagnostics] of each) parts.set(part, diagnostics)
        const after = new Set([...parts.values()].flat().map(({ message }) => message))
        expect(messages(record.current)).toEqual([...after].toSorted())
        expect(messages(added)).toEqual([...after].filter((message) => !before.has(message)).toSorted())
        expect(messages(resolved)).toEqual([...before].filter((message) => !after.has(message)).toSorted())
      }
    }),
  )
})
