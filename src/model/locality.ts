/**
 * How a proxy prefers endpoints near itself: shares by locality (`distribute`), or priorities, of which Envoy
 * takes a lower one only when the endpoints of a higher one are ejected. Localities are
 * `region/zone/subzone`; a rule may end early or with `*`.
 */
export interface LocalityBalancing {
  /**
   * The first whose `from` covers the proxy's locality counts; localities that none of its shares covers get
   * nothing.
   */
  readonly distribute: readonly { readonly from: string; readonly shares: Readonly<Record<string, number>> }[]
  /** Where a region's requests go first when it fails. */
  readonly failover: readonly { readonly from: string; readonly to: string }[]
  /** In order of weight: an endpoint that agrees with the proxy in more of the first ones comes first. */
  readonly comparisons: readonly Comparison[]
}

/** A label that an endpoint and a proxy may have in common. */
export interface Comparison {
  readonly label: string
  /** Wanted of an endpoint, whatever the proxy's is. */
  readonly value: string | undefined
  /** Where neither has the label, the part of their localities that stands for it: 0 is the region. */
  readonly part: 0 | 1 | 2 | undefined
  /**
   * That the endpoint is in another network: it then comes after all in the proxy's own, in the order of the
   * other labels.
   */
  readonly isNetwork: boolean
}
