import type { FieldPath } from '../../../diagnostics/diagnostic.ts'
import type { MirrorOptions } from '../../reading/annotation.ts'
import type { Report } from '../../reading/report.ts'

/**
 * The place of an HTTP rule or of one of its fields: its object's report, the rule's path in it, and the
 * options of the object's mirrors.
 */
export interface RuleSite {
  readonly report: Report
  readonly path: FieldPath
  readonly options: MirrorOptions
}
