import type { Report } from '../../reading/report.ts'

/** Notes a subset whose name stands before it already: the first one counts. */
export function noteRepeatedSubsets(
  report: Report,
  subsets: readonly ({ readonly name: string } | undefined)[],
): void {
  subsets.forEach((subset, index) => {
    const first = subsets.findIndex((each) => each?.name === subset?.name)
    if (subset === undefined || first === index) return
    report.note('policy/duplicate-subset', ['spec', 'subsets', index, 'name'], {
      message: `subset ${subset.name} is defined by subsets[${first}] already, so this one has no effect`,
      hint: 'remove one of the two, or give it a name of its own',
    })
  })
}
