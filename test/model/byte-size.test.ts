import { describe, expect, test } from 'vitest'
import { parseByteSize, renderByteSize } from '../../src/model/byte-size.ts'

describe('a number of bytes', () => {
  test.each([
    ['1', 1],
    ['65536', 65_536],
    ['64Ki', 65_536],
    ['1Mi', 1_048_576],
    ['1Gi', 1_073_741_824],
    ['2047Mi', 2_146_435_072],
  ])('%s', (text, bytes) => {
    expect(parseByteSize(text)).toBe(bytes)
    expect(parseByteSize(renderByteSize(bytes))).toBe(bytes)
  })

  test.each([
    '',
    '0',
    '-1',
    '1.5Mi',
    '1M',
    '1MB',
    '1 Mi',
    '01',
    '2Gi',
    '2147483648',
    '99999999999',
    'Mi',
    'unlimited',
  ])('is not %j', (text) => {
    expect(parseByteSize(text)).toBeUndefined()
  })

  test('is written with the largest unit that divides it', () => {
    expect([1, 1023, 1024, 1_048_576, 1_049_600].map(renderByteSize)).toEqual([
      '1',
      '1023',
      '1Ki',
      '1Mi',
      '1025Ki',
    ])
  })
})
