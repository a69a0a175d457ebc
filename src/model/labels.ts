export type Labels = Readonly<Record<string, string>>

/** Whether all the wanted labels are among these, with the same values; nothing wanted is always there. */
export function hasLabels(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value)
}
