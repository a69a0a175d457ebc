import type { Labels } from '../model/labels.ts'

/** A label that some selector names, as the key of a collection. */
export type LabelKey = string

export function labelKeys(labels: Labels): readonly LabelKey[] {
  return Object.entries(labels).map(([name, value]) => JSON.stringify([name, value]))
}
