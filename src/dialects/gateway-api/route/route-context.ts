import type { MirrorOptions } from '../../reading/annotation.ts'
import type { ObjectLookup } from '../../dialect.ts'
import type { Report } from '../../reading/report.ts'
import type { FilterType } from './filter.ts'
import type { Standing } from './standing.ts'

/** What HTTPRoutes and GRPCRoutes have differently. */
export interface RouteProtocol {
  readonly filterTypes: readonly FilterType[]
  /**
   * What requests without a backend are answered with: 500, for gRPC UNAVAILABLE, which Envoy makes of 503.
   */
  readonly failure: 500 | 503
}

/** What the rules of one route have in common. */
export interface RouteContext {
  readonly report: Report
  readonly lookup: ObjectLookup
  readonly options: MirrorOptions
  readonly standing: Standing
  readonly protocol: RouteProtocol
  /** Gives a text that was asked for before in this route a number. */
  readonly distinct: (text: string) => string
}
