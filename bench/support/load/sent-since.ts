import type { Counts, TypeCount } from './protocol.ts'

const none: TypeCount = { responses: 0, bytes: 0, resources: 0 }

/** Responses sent between two counts, for each type that had any. */
export function sentSince(before: Counts, after: Counts): Counts {
  const differences = Object.entries(after).map(([type, count]): readonly [string, TypeCount] => {
    const known = before[type] ?? none
    return [
      type,
      {
        responses: count.responses - known.responses,
        bytes: count.bytes - known.bytes,
        resources: count.resources - known.resources,
      },
    ]
  })
  return Object.fromEntries(differences.filter(([, { responses }]) => responses > 0))
}

export function totalOf(counts: Counts): TypeCount {
  return Object.values(counts).reduce(
    (sum, each) => ({
      responses: sum.responses + each.responses,
      bytes: sum.bytes + each.bytes,
      resources: sum.resources + each.resources,
    }),
    none,
  )
}
