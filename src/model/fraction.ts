/** Parts per million, 0 to 1 000 000: what Envoy's runtime_fraction carries with denominator MILLION. */
export type Millionths = number & { readonly brand: unique symbol }

export const everyRequest = 1_000_000 as Millionths

/** A percentage as parts per million, rounded half up; `exact` is false if digits were lost. */
export interface RoundedPercentage {
  readonly millionths: Millionths
  readonly exact: boolean
}

/**
 * Parses a percentage from its decimal text, without a binary fraction in between: '0.57' is 5700. Undefined
 * if it is not a number from 0 to 100.
 */
export function millionthsOfPercentage(text: string): RoundedPercentage | undefined {
  const parsed = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text.trim())
  if (parsed === null) return undefined
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parsed
  if (whole + fraction === '') return undefined
  // value = digits × 10^power percent; one percent is 10^4 millionths.
  const digits = BigInt(whole + fraction)
  const power = Number(exponent) - fraction.length + 4
  if (digits === 0n) return { millionths: 0 as Millionths, exact: true }
  if (sign === '-') return undefined
  // The value is below 10^magnitude millionths: a value far out of range, or far too small, needs no huge
  // power of ten.
  const magnitude = digits.toString().length + power
  if (magnitude > 7) return undefined
  if (magnitude < 0) return { millionths: 0 as Millionths, exact: false }
  if (power >= 0) return withinRange(digits * 10n ** BigInt(power), true)
  const divisor = 10n ** BigInt(-power)
  if (digits > BigInt(everyRequest) * divisor) return undefined
  return withinRange((2n * digits + divisor) / (2n * divisor), digits % divisor === 0n)
}

/**
 * `numerator` out of `denominator`, rounded half up; undefined if it is not between nothing and everything.
 */
export function millionthsOfFraction(numerator: number, denominator: number): RoundedPercentage | undefined {
  if (!Number.isInteger(numerator) || !Number.isInteger(denominator) || numerator < 0 || denominator < 1)
    return undefined
  const [scaled, divisor] = [BigInt(numerator) * BigInt(everyRequest), BigInt(denominator)]
  return withinRange((2n * scaled + divisor) / (2n * divisor), scaled % divisor === 0n)
}

function withinRange(millionths: bigint, exact: boolean): RoundedPercentage | undefined {
  return millionths > BigInt(everyRequest)
    ? undefined
    : { millionths: Number(millionths) as Millionths, exact }
}

/** The percentage that people read: 5700 is '0.57'. */
export function percentageOf(millionths: Millionths): string {
  const text = (millionths + 1_000_000_0).toString()
  const fraction = text.slice(-4).replace(/0+$/, '')
  return `${Math.floor(millionths / 10_000)}${fraction === '' ? '' : `.${fraction}`}`
}
