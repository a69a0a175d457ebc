import type { FieldPath } from '../../../diagnostics/diagnostic.ts'
import { camelCase } from '../../../manifest/field-name.ts'
import type { Json } from '../../../manifest/manifest.ts'
import type { Report } from '../../reading/report.ts'

interface Deprecated {
  /** The field, and the one that it stands in. */
  readonly field: readonly [parent: string, name: string]
  /** Absent: whatever its value. */
  readonly value?: string
  readonly instead: string
  /** Istio reads it no more. */
  readonly ignored?: true
}

/** Fields of a TrafficPolicy that Istio's API calls deprecated. */
const deprecated: readonly Deprecated[] = [
  {
    field: ['outlierDetection', 'consecutiveErrors'],
    instead: 'consecutive5xxErrors or consecutiveGatewayErrors',
    ignored: true,
  },
  { field: ['consistentHash', 'minimumRingSize'], instead: 'ringHash: {minimumRingSize: …}' },
  { field: ['loadBalancer', 'warmupDurationSecs'], instead: 'warmup: {duration: …}' },
  { field: ['loadBalancer', 'simple'], value: 'LEAST_CONN', instead: 'LEAST_REQUEST' },
]

/** Notes each deprecated setting of a DestinationRule, at whatever level of it. */
export function noteDeprecatedSettings(report: Report): void {
  visit(['spec'], report.manifest.object['spec'] ?? null, (path, value) => {
    const [parent, name] = path.slice(-2).map((step) => camelCase(String(step)))
    const found = deprecated.find(
      ({ field, value: only }) => field[0] === parent && field[1] === name && (only ?? value) === value,
    )
    if (found === undefined) return
    const subject = found.value === undefined ? name : `${name}: ${found.value}`
    report.note('field/deprecated', path, {
      message: `${subject} is deprecated${found.ignored === true ? ', and has no effect' : ''}`,
      hint: `write ${found.instead}`,
    })
  })
}

function visit(path: FieldPath, value: Json, see: (path: FieldPath, value: Json) => void): void {
  see(path, value)
  if (value === null || typeof value !== 'object') return
  for (const [key, each] of Object.entries(value))
    visit([...path, Array.isArray(value) ? Number(key) : key], each, see)
}
