import type { FieldPath } from '../../../diagnostics/diagnostic.ts'
import type { MirrorOptions } from '../../reading/annotation.ts'
import type { Report } from '../../reading/report.ts'

/**
 * Where an HTTP rule, or a field of one, stands: its object's report, the rule's path in it, and how the
 * object's mirrors are made.
 */
export interface RuleSite {
  readonly report: Report
  readonly path: FieldPath
  readonly options: MirrorOptions
}
