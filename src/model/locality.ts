/**
 * How a proxy prefers near endpoints: by shares of localities (`distribute`), or by priorities. Envoy uses a
 * lower priority only if endpoints of a higher one are ejected. Localities are `region/zone/subzone`; a rule
 * may end early or with `*`.
 */
export interface LocalityBalancing {
  /**
   * The first rule whose `from` covers the proxy's locality applies. Localities without a share get nothing.
   */
  readonly distribute: readonly { readonly from: string; readonly shares: Readonly<Record<string, number>> }[]
  /** The region that gets a failed region's requests first. */
  readonly failover: readonly { readonly from: string; readonly to: string }[]
  /** In order of weight: an endpoint that agrees with the proxy in more of the first ones comes first. */
  readonly comparisons: readonly Comparison[]
}

/** A label that an endpoint and a proxy may have in common. */
export interface Comparison {
  readonly label: string
  /** The value that the endpoint must have, whatever the proxy's is. */
  readonly value: string | undefined
  /** The part of the locality that is compared if neither has the label: 0 is the region. */
  readonly part: 0 | 1 | 2 | undefined
  /**
   * The label is a network: endpoints of another network come after all of the proxy's own, in the order of
   * the other labels.
   */
  readonly isNetwork: boolean
}
