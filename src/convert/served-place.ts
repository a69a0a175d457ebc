/** A body that is served for a host, in places. */
export interface PlacedBody<B> {
  readonly host: string
  readonly places: readonly string[]
  readonly body: B
}

export interface BodyPlaces<B> {
  readonly hosts: readonly string[]
  readonly places: readonly string[]
  readonly body: B
}

/** The same bodies together: each with hosts that are all served in all of its places. */
export function placesByBody<B>(placed: readonly PlacedBody<B>[]): readonly BodyPlaces<B>[] {
  return [...Map.groupBy(placed, ({ body }) => JSON.stringify(body)).values()].flatMap(
    (same): readonly BodyPlaces<B>[] => {
      const byHost = [...Map.groupBy(same, ({ host }) => host)].map(([host, group]) => ({
        host,
        places: [...new Set(group.flatMap((each) => each.places))].toSorted(),
      }))
      return [...Map.groupBy(byHost, ({ places }) => places.join(' ')).values()].flatMap((group) => {
        const [first] = same
        return first === undefined
          ? []
          : [{ hosts: group.map(({ host }) => host), places: group[0]?.places ?? [], body: first.body }]
      })
    },
  )
}
