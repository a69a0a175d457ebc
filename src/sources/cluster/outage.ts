import type { HeldTarget } from './held.ts'

/** One line on all that cannot be read now, by reason; undefined while everything can. */
export function outageOf(
  targets: readonly Pick<HeldTarget, 'standing' | 'trouble'>[],
  discovery: string | undefined,
): string | undefined {
  const failing = targets.flatMap(({ standing, trouble }) =>
    trouble === undefined ? [] : [{ kind: standing.kind, trouble }],
  )
  const reasons = Map.groupBy(
    [...failing, ...(discovery === undefined ? [] : [{ kind: 'its kinds', trouble: discovery }])],
    ({ trouble }) => trouble,
  )
  if (reasons.size === 0) return undefined
  const told = [...reasons].map(
    ([reason, of]) =>
      `${said(
        of.map(({ kind }) => kind),
        targets.length,
      )}: ${reason}`,
  )
  // Each kind that is forbidden says so in words of its own.
  const more = told.length - mostReasons
  return (
    `the Kubernetes API: ` +
    told.slice(0, mostReasons).join('; ') +
    (more > 0 ? `; and ${more} more reasons (metrics: shadowplane_kubernetes_synced)` : '')
  )
}

const mostReasons = 3
const mostNamed = 3

function said(kinds: readonly string[], all: number): string {
  const names = [...new Set(kinds)].map((kind) => kind.replace(/^\//, '')).toSorted()
  if (names.length <= mostNamed) return names.join(', ')
  return kinds.length >= all
    ? 'every kind'
    : `${names.slice(0, mostNamed).join(', ')} and ${names.length - mostNamed} more`
}
