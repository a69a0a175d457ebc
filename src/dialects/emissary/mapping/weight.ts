import type { Mapping } from './mapping.ts'

/** The shares of the Mappings of a group, in order, and the findings about their weights. */
export interface Shares {
  readonly weights: readonly number[]
  readonly mistake: string | undefined
}

/**
 * Normalises weights like Emissary: a single Mapping has everything; Mappings without a weight share the rest
 * in equal whole parts, and the last of them also gets the remainder.
 */
export function sharesOf(mappings: readonly Mapping[]): Shares {
  if (mappings.length <= 1) return { weights: mappings.map(() => 100), mistake: undefined }
  const declared = mappings.map(({ spec: { weight } }) =>
    weight === undefined ? undefined : Math.min(100, Math.max(0, weight)),
  )
  const total = declared.reduce<number>((sum, weight) => sum + (weight ?? 0), 0)
  const open = declared.filter((weight) => weight === undefined).length
  const mistake = mistakeOf(total, open)
  const rest = Math.max(0, 100 - total)
  const part = open === 0 ? 0 : Math.min(roundHalfEven(rest / open), rest)
  let left = open
  let given = 0
  const weights = declared.map((weight) => {
    if (weight !== undefined) return weight
    left -= 1
    const share = left === 0 ? rest - given : Math.min(part, rest - given)
    given += share
    return share
  })
  return { weights, mistake }
}

function mistakeOf(total: number, open: number): string | undefined {
  if (total > 100)
    return `the weights of its group add up to ${total}, must be at most 100: they are taken in proportion`
  if (open > 0 || total === 100) return undefined
  return total === 0
    ? 'the weights of its group add up to 0, so that no request is routed'
    : `the weights of its group add up to ${total}, and no Mapping without a weight takes the rest: they ` +
        `are taken in proportion`
}

/** Python's `round`. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value)
  if (value - floor !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}
