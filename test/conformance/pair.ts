import type { Output } from './output.ts'
import type { Sample } from './peer-data.ts'

/** istiod's output and ours for the same proxy, to be compared. */
export interface Pair {
  readonly istiod: Output
  readonly ours: Output
}

/**
 * Makes istiod's output what ours has to be, given one difference. Where ours alone can be known, both are
 * made alike.
 */
export type Adjustment = (pair: Pair, sample: Pick<Sample, 'refusals'>) => Pair

export function expecting(edit: (istiod: Output) => Output): Adjustment {
  return ({ istiod, ours }) => ({ istiod: edit(istiod), ours })
}

export function onBoth(edit: (output: Output) => Output): Adjustment {
  return ({ istiod, ours }) => ({ istiod: edit(istiod), ours: edit(ours) })
}
