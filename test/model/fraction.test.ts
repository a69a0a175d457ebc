import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { millionthsOfFraction, millionthsOfPercentage, percentageOf } from '../../src/model/fraction.ts'
import type { Millionths } from '../../src/model/fraction.ts'

const exact: readonly (readonly [text: string, millionths: number])[] = [
  ['0', 0],
  ['0.0', 0],
  ['-0', 0],
  ['-0.0', 0],
  ['0e5', 0],
  ['0e-99999', 0],
  ['0e99999', 0],
  ['0.0001', 1],
  ['1e-4', 1],
  ['0.0003', 3],
  ['0.01', 100],
  ['0.29', 2_900],
  ['0.57', 5_700],
  ['.57', 5_700],
  ['+0.57', 5_700],
  ['57e-2', 5_700],
  ['1', 10_000],
  ['1.', 10_000],
  ['1.13', 11_300],
  ['29', 290_000],
  ['33.333', 333_330],
  ['33.3333', 333_333],
  ['50', 500_000],
  ['5E1', 500_000],
  ['+5e+1', 500_000],
  ['99.9999', 999_999],
  ['100', 1_000_000],
  ['100.0', 1_000_000],
  ['1e2', 1_000_000],
  ['0100', 1_000_000],
  ['100.000000000000000000', 1_000_000],
  [' 50 ', 500_000],
]

const rounded: readonly (readonly [text: string, millionths: number])[] = [
  ['0.00005', 1],
  ['0.00004', 0],
  ['0.0000499999999999999999', 0],
  ['0.00001', 0],
  ['1e-5', 0],
  ['5e-5', 1],
  ['1e-9999', 0],
  ['1e-99999', 0],
  ['1e-999999999999', 0],
  ['0.00015', 2],
  ['0.000149', 1],
  ['33.33333', 333_333],
  ['33.33335', 333_334],
  ['33.333349999999999999999999', 333_333],
  ['66.66666666666667', 666_667],
  ['99.99999', 1_000_000],
  ['99.99994', 999_999],
  ['99.99995', 1_000_000],
  [`0.${'3'.repeat(2_000)}`, 3_333],
]

const refused = [
  '100.00001',
  '100.0000000000000000001',
  '100.1',
  '101',
  '150',
  '1e3',
  '1e99999',
  '1e999999999999',
  `1${'0'.repeat(2_000)}`,
  '-1',
  '-0.0001',
  '-1e-9',
  '-1e-99999',
  'NaN',
  'Infinity',
  '-Infinity',
  '.nan',
  '',
  ' ',
  '.',
  '+',
  '-',
  'e5',
  '5e',
  '1e',
  '1e+',
  '50%',
  '0x32',
  '1_000',
  '5,7',
  '1.2.3',
  '--1',
  'fifty',
  '1 0',
]

describe('a percentage as parts per million', () => {
  test.each(exact)('%s is %d exactly', (text, millionths) => {
    expect(millionthsOfPercentage(text)).toEqual({ millionths, exact: true })
  })

  test.each(rounded)('%s is rounded to %d', (text, millionths) => {
    expect(millionthsOfPercentage(text)).toEqual({ millionths, exact: false })
  })

  test.each(refused)('%j is no percentage', (text) => {
    expect(millionthsOfPercentage(text)).toBeUndefined()
  })

  test('agrees with rational arithmetic, whatever the number of digits', () => {
    const digits = fc.bigInt({ min: 0n, max: 10n ** 12n })
    fc.assert(
      fc.property(digits, fc.integer({ min: 0, max: 40 }), (numerator, decimals) => {
        const padded = numerator.toString().padStart(decimals + 1, '0')
        const text = decimals === 0 ? padded : `${padded.slice(0, -decimals)}.${padded.slice(-decimals)}`
        expect(millionthsOfPercentage(text)).toEqual(rational(numerator, 10n ** BigInt(decimals)))
        expect(millionthsOfPercentage(`${numerator}e-${decimals}`)).toEqual(
          rational(numerator, 10n ** BigInt(decimals)),
        )
      }),
      { numRuns: 2_000 },
    )
  })

  test('is read from what a double prints as from what the user wrote', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), (millionths) => {
        expect(millionthsOfPercentage(String(millionths / 10_000))).toEqual({ millionths, exact: true })
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('the percentage that people read', () => {
  test.each([
    [0, '0'],
    [1, '0.0001'],
    [10, '0.001'],
    [5_700, '0.57'],
    [10_000, '1'],
    [333_333, '33.3333'],
    [500_000, '50'],
    [999_999, '99.9999'],
    [1_000_000, '100'],
  ] as const)('of %d millionths is %s', (millionths, text) => {
    expect(percentageOf(millionths as number as Millionths)).toBe(text)
  })

  test('is the inverse of reading it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), (millionths) => {
        expect(millionthsOfPercentage(percentageOf(millionths as Millionths))).toEqual({
          millionths,
          exact: true,
        })
      }),
      { numRuns: 2_000 },
    )
  })
})

/**
 * Nearest of (numerator / denominator) × 10⁴, half up, by comparing twice the remainder with the denominator.
 */
function rational(
  numerator: bigint,
  denominator: bigint,
): { readonly millionths: number; readonly exact: boolean } | undefined {
  const scaled = numerator * 10_000n
  if (scaled > 1_000_000n * denominator) return undefined
  const whole = scaled / denominator
  const remainder = scaled % denominator
  return { millionths: Number(remainder * 2n >= denominator ? whole + 1n : whole), exact: remainder === 0n }
}

const shares: readonly (readonly [
  text: string,
  found: { readonly millionths: number; readonly exact: boolean },
])[] = [
  ['0/100', { millionths: 0, exact: true }],
  ['1/1', { millionths: 1_000_000, exact: true }],
  ['57/10000', { millionths: 5_700, exact: true }],
  ['83/1000', { millionths: 83_000, exact: true }],
  ['1/3', { millionths: 333_333, exact: false }],
  ['2/3', { millionths: 666_667, exact: false }],
  ['1/2000000', { millionths: 1, exact: false }],
  ['1/2000001', { millionths: 0, exact: false }],
]

describe('a fraction as parts per million', () => {
  const ofText = (text: string) => {
    const [numerator = 0, denominator = 0] = text.split('/').map(Number)
    return millionthsOfFraction(numerator, denominator)
  }

  test.each(shares)('%s', (text, found) => {
    expect(ofText(text)).toEqual(found)
  })

  test.each(['1001/1000', '0/0', '-1/1000', '1/-1', '0.5/1', '1/1.5', 'NaN/1'])('%s is none', (text) => {
    expect(ofText(text)).toBeUndefined()
  })
})
