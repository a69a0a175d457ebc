import type { FieldPath } from '../../../diagnostics/diagnostic.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import type { MirrorOverrides } from '../../reading/annotation.ts'
import type { Report } from '../../reading/report.ts'

/**
 * The place of an HTTP rule, or a field of one: its object, the rule's path, and the object's mirror options.
 */
export interface RuleSite {
  readonly manifest: Manifest
  readonly path: FieldPath
  readonly overrides: Readonly<MirrorOverrides>
}

/** The path of an HTTP rule that is read, and the report on its object. */
export interface ReadSite {
  readonly report: Report
  readonly path: FieldPath
}
