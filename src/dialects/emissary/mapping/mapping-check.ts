import { noteUnsupported } from '../../reading/report.ts'
import type { Report } from '../../reading/report.ts'
import type { Mapping } from './mapping.ts'
import { isShadow } from './mapping.ts'
import { unsupportedFields } from './mapping-spec.ts'

/** The resolver of Emissary that finds endpoints by itself, as is done here for every Service. */
const endpointResolver = 'endpoint'

/** Findings about a Mapping by itself. */
export function checkMapping(mapping: Mapping, report: Report): void {
  const { spec } = mapping
  noteUnsupported(
    report,
    { path: ['spec'], value: spec },
    unsupportedFields.filter((field) => field !== 'resolver' || spec.resolver !== endpointResolver),
  )
  noteSmallGaps(mapping, report)
  noteOverruled(mapping, report)
  if (!isShadow(mapping) && spec.weight !== undefined && (spec.weight < 0 || spec.weight > 100)) {
    report.note('mapping/weights', ['spec', 'weight'], {
      message: `weight is ${spec.weight}, must be 0 to 100: it counts as ${spec.weight < 0 ? 0 : 100}`,
    })
  }
  const redirects = (['path_redirect', 'prefix_redirect', 'regex_redirect'] as const).filter(
    (field) => spec[field] !== undefined && spec[field] !== '',
  )
  for (const field of redirects.slice(1)) {
    report.reject('field/invalid-value', ['spec', field], {
      message: `${field} is set beside ${redirects[0] ?? ''}, must not: it has no effect`,
      hint: 'keep one of the two',
    })
  }
}

function noteSmallGaps({ spec }: Mapping, report: Report): void {
  if (typeof spec.tls === 'string' && spec.tls !== '') {
    report.note('field/unsupported', ['spec', 'tls'], {
      message: `TLSContext ${spec.tls} is not supported yet: connections use TLS, without its certificate`,
    })
  }
  const upgrades = (spec.allow_upgrade ?? []).filter((each) => each.toLowerCase() !== 'websocket')
  if (upgrades.length > 0)
    report.note('field/unsupported', ['spec', 'allow_upgrade'], {
      message: `allow_upgrade ${upgrades.join(', ')} is not supported yet, there is websocket`,
    })
  spec.circuit_breakers?.forEach((each, index) => {
    if (each?.priority === 'high')
      report.note('field/unsupported', ['spec', 'circuit_breakers', index, 'priority'], {
        message: 'circuit_breakers of priority high are not supported yet, they have no effect',
      })
  })
}

function noteOverruled({ spec }: Mapping, report: Report): void {
  const field = spec.host === undefined || spec.host === '' ? undefined : 'host'
  if (field !== undefined && spec.hostname !== undefined) {
    report.note('field/deprecated', ['spec', field], {
      message: `host is deprecated, and has no effect beside hostname ${spec.hostname}`,
      hint: 'remove host',
    })
  }
  if (
    field !== undefined &&
    spec.hostname === undefined &&
    spec.host_regex !== true &&
    (spec.host ?? '').includes('*')
  ) {
    report.reject('field/invalid-value', ['spec', 'host'], {
      message: `host is ${spec.host ?? ''}, which is compared as it stands, must not have a *`,
      hint: 'write it in hostname',
    })
  }
  if (spec.regex_rewrite !== undefined && spec.rewrite !== undefined && !['', '/'].includes(spec.rewrite)) {
    report.note('mapping/overruled-field', ['spec', 'rewrite'], {
      message: 'rewrite has no effect beside regex_rewrite',
      hint: 'remove one of the two',
    })
  }
}
