import type { Remarks } from '../written.ts'

const units = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const

/** Milliseconds as GEP-2257 has them: whole numbers of h, m, s and ms. */
export function gatewayDurationOf(milliseconds: number, remarks: Remarks): string {
  const whole = Math.max(1, Math.round(milliseconds))
  if (whole !== milliseconds)
    remarks.add(
      ['timeouts'],
      `not carried exactly, ${milliseconds} ms: the Gateway API takes whole milliseconds`,
    )
  let rest = Math.min(whole, 99_999 * 3_600_000)
  return units
    .map(([unit, size]) => {
      const count = Math.floor(rest / size)
      rest -= count * size
      return count === 0 ? '' : `${count}${unit}`
    })
    .join('')
}
