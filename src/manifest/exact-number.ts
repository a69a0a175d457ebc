/**
 * True when the double `value` is not the number that `text` writes: 0.1 is kept by a double's shortest
 * decimal, 0.1234567890123456789 is not.
 */
export function losesDigits(text: string, value: number): boolean {
  const written = canonicalDecimal(text)
  if (written !== undefined) return written !== canonicalDecimal(String(value))
  return /^0[xo]/.test(text) && Number.isFinite(value) && BigInt(text) !== BigInt(value)
}

/**
 * Sign, digits without outer zeros, and exponent: equal for equal decimals. Undefined for text that is not a
 * decimal.
 */
function canonicalDecimal(text: string): string | undefined {
  const match = /^([-+]?)(\d*)(?:\.(\d*))?(?:[eE]([-+]?\d+))?$/.exec(text)
  if (match === null) return undefined
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  const digits = (whole + fraction).replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  if (significant === '') return whole + fraction === '' ? undefined : '0'
  const scale = Number(exponent) - fraction.length + digits.length - significant.length
  return `${sign === '-' ? '-' : ''}${significant}e${scale}`
}
