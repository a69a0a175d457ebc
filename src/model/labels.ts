export type Labels = Readonly<Record<string, string>>

/** Whether all the wanted labels are among these, with the same values; nothing wanted is always there. */
export function hasLabels(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value)
}

/** One label, as the key of a collection. */
export type LabelKey = string

export function labelKeys(labels: Labels): readonly LabelKey[] {
  return Object.entries(labels).map(([name, value]) => JSON.stringify([name, value]))
}
