import type { MirrorOptions } from '../../reading/annotation.ts'
import type { ObjectLookup } from '../../dialect.ts'
import type { Report } from '../../reading/report.ts'
import type { FilterType } from './filter.ts'
import type { RouteConditions } from './route-conditions.ts'

/** The differences between HTTPRoutes and GRPCRoutes. */
export interface RouteProtocol {
  readonly filterTypes: readonly FilterType[]
  /** The status for requests without a backend: 500; for gRPC UNAVAILABLE, which Envoy makes from 503. */
  readonly failure: 500 | 503
}

/** The common context of the rules of one route. */
export interface RouteContext {
  readonly report: Report
  readonly lookup: ObjectLookup
  readonly options: MirrorOptions
  readonly conditions: RouteConditions
  readonly protocol: RouteProtocol
  /** Adds a number to a text that was used before in this route. */
  readonly distinct: (text: string) => string
}
