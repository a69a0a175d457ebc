import { everyRequest, millionthsOfPercentage } from '../../../model/fraction.ts'
import type { Mirror } from '../../../model/mirror.ts'
import { shortHash } from '../../../model/names.ts'
import type { ObjectLookup } from '../../dialect.ts'
import { reportOn } from '../../reading/report.ts'
import type { Report } from '../../reading/report.ts'
import { fieldOf } from './mapping.ts'
import type { Mapping } from './mapping.ts'
import { shadowOptions } from './several-shadows.ts'
import { upstreamOf } from '../upstream.ts'

/** The mirror of a shadow Mapping; none for weight 0, or one that is out of range. */
export function mirrorOf(mapping: Mapping, lookup: ObjectLookup): readonly Mirror[] {
  const { spec, manifest } = mapping
  const share =
    spec.weight === undefined ? everyRequest : millionthsOfPercentage(String(spec.weight))?.millionths
  if (share === undefined || share === 0) return []
  const { backend } = upstreamOf(mapping, lookup)
  const { namespace, name } = manifest.id
  return [
    {
      backend,
      fraction: share,
      runtimeKey: `shadowplane.mirror.${namespace}.${name}.shadow.${shortHash(spec.service)}`,
      ...shadowOptions(reportOn(manifest), lookup.settings),
      origin: fieldOf(mapping, 'service'),
    },
  ]
}

/** Findings about a shadow Mapping by itself. */
export function checkShadow({ spec }: Mapping, report: Report, { settings }: ObjectLookup): void {
  if (spec.shadow !== true) return
  shadowOptions(report, settings)
  const { weight } = spec
  if (weight !== undefined && (weight < 0 || weight > 100)) {
    report.reject('mirror/percentage-out-of-range', ['spec', 'weight'], {
      message: `weight is ${weight}, must be 0 to 100: nothing is mirrored`,
      hint: weight < 0 ? 'write 0 to mirror nothing' : 'write a percentage from 0 to 100',
    })
  }
  if (spec.host_redirect === true) {
    report.reject('field/invalid-value', ['spec', 'host_redirect'], {
      message: 'host_redirect is set beside shadow, must not: it has no effect',
      hint: 'remove one of the two',
    })
  }
}
