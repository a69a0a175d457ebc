import { describe, expect, test } from 'vitest'
import { parseJson } from '../../src/manifest/json.ts'

describe('JSON of the API server', () => {
  test('keeps the text of numbers that a double cannot hold, by their paths', () => {
    expect(parseJson('{"a":[1,9007199254740993],"b":{"c":0.1234567890123456789},"d":1e400,"e":0.1}')).toEqual(
      {
        value: { a: [1, 9007199254740992], b: { c: 0.12345678901234568 }, d: Infinity, e: 0.1 },
        exactNumbers: [
          { path: ['a', 1], text: '9007199254740993' },
          { path: ['b', 'c'], text: '0.1234567890123456789' },
          { path: ['d'], text: '1e400' },
        ],
      },
    )
  })

  test.each([
    '{"a":0.57,"b":33.3333,"c":100}',
    '{"a":"9007199254740993"}',
    '{"a":1000000000000000000000}',
    '[]',
    'null',
  ])('has none in %s', (text) => {
    expect(parseJson(text)).toEqual({ value: JSON.parse(text), exactNumbers: [] })
  })

  test('throws for what is no JSON', () => {
    expect(() => parseJson('{')).toThrow(SyntaxError)
  })
})
