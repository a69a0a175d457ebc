import type { RuntimeFraction } from './configuration.ts'

const denominators = { HUNDRED: 100, TEN_THOUSAND: 10_000, MILLION: 1_000_000 } as const

/**
 * Parts per million of the requests for which a fraction holds; a value of the runtime's wins over the one
 * that is configured. Absent: all.
 */
export function millionthsOf(
  fraction: RuntimeFraction | undefined,
  runtime: Readonly<Record<string, unknown>>,
): number {
  if (fraction === undefined) return everyRequest
  const dialled = runtime[fraction.runtime_key ?? '']
  const { numerator = 0, denominator = 'HUNDRED' } =
    fractionalPercent(dialled) ?? fraction.default_value ?? {}
  return Math.min(everyRequest, Math.round((numerator * everyRequest) / denominators[denominator]))
}

export const everyRequest = 1_000_000

/**
 * In a runtime layer a plain number is whole percents, and an object is an envoy.type.v3.FractionalPercent.
 */
function fractionalPercent(
  value: unknown,
): { readonly numerator: number; readonly denominator: keyof typeof denominators } | undefined {
  if (typeof value === 'number') return { numerator: Math.trunc(value), denominator: 'HUNDRED' }
  if (value === null || typeof value !== 'object') return undefined
  const { numerator = 0, denominator = 'HUNDRED' } = value as {
    readonly numerator?: unknown
    readonly denominator?: unknown
  }
  return typeof numerator === 'number' && isDenominator(denominator) ? { numerator, denominator } : undefined
}

function isDenominator(name: unknown): name is keyof typeof denominators {
  return typeof name === 'string' && name in denominators
}
