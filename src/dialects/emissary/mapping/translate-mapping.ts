import { isDeepStrictEqual } from 'node:util'
import { objectKey } from '../../../diagnostics/diagnostic.ts'
import { didYouMean } from '../../../diagnostics/did-you-mean.ts'
import { translated } from '../../dialect.ts'
import type { ObjectLookup, Translated } from '../../dialect.ts'
import { idsOf } from '../ambassador-id.ts'
import { checkGroup, checkMember, isSame } from './group-check.ts'
import { groupKey } from './group-key.ts'
import { installation, tablesOf } from './group-table.ts'
import type { Installation } from './group-table.ts'
import { groupOf } from './group.ts'
import { indexKey } from '../index-key.ts'
import { assumedListener } from '../listener.ts'
import { fieldOf, isRedirect, isShadow, mappingsIn, nameOfMapping, readMapping } from './mapping.ts'
import type { Mapping } from './mapping.ts'
import { checkShadow } from './mirror.ts'
import { serversOf } from '../server.ts'
import { declaresCluster, upstreamOf } from '../upstream.ts'
import { reportOn, noteUnsupported } from '../../reading/report.ts'
import type { Report } from '../../reading/report.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import type { GatewayListener } from '../../../model/gateway.ts'
import { hasLabels } from '../../../model/labels.ts'
import { compareText } from '../../../model/names.ts'
import { unsupportedFields } from './mapping-spec.ts'

/**
 * A getambassador.io Mapping. Mappings with one key are a group, and the first of them that answers becomes
 * the routes of all: a change to one translates only its group again.
 */
export function translateMapping(manifest: Manifest, lookup: ObjectLookup): Translated {
  const { value: mapping, diagnostics, rejected } = readMapping(manifest)
  if (mapping === undefined) return translated({ diagnostics, rejected })
  const report = reportOn(manifest)
  checkMapping(mapping, report)
  checkShadow(mapping, report, lookup)
  const parts = idsOf(mapping.spec.ambassador_id).map((id) => inInstallation(mapping, report, { lookup, id }))
  const cluster =
    isRedirect(mapping) || mapping.rejected !== undefined || !declaresCluster(mapping, lookup)
      ? undefined
      : upstreamOf(mapping, lookup).cluster
  return translated({
    ...cluster,
    routeTables: parts.flatMap((each) => each.routeTables),
    listeners: parts.flatMap((each) => each.listeners),
    diagnostics: [...diagnostics, ...distinct(report)],
    rejected: rejected || report.rejected,
  })
}

interface Place {
  readonly lookup: ObjectLookup
  readonly id: string
}

function inInstallation(
  mapping: Mapping,
  report: Report,
  { lookup, id }: Place,
): Pick<Translated, 'routeTables' | 'listeners'> {
  const place = installation(id, lookup)
  const group = groupOf(membersWith(mapping, place, lookup))
  const [first] = group.primaries
  if (mapping.rejected === undefined) checkMember(mapping, group, report)
  if (first === undefined && isShadow(mapping)) noteLonely(mapping, report, { lookup, id })
  const leads = first !== undefined && isSame(first, mapping)
  if (leads) checkGroup(group, place, report)
  return {
    routeTables: leads ? tablesOf(group, place, lookup) : [],
    listeners: assumedServers(mapping, report, { lookup, place }),
  }
}

/**
 * The Mappings of one key in order, including this one. Without a host name, the Mappings of a group also
 * have the same labels.
 */
function membersWith(mapping: Mapping, place: Installation, { indexed }: ObjectLookup): readonly Mapping[] {
  const others = mappingsIn(indexed(indexKey.group(place.id, groupKey(mapping)))).filter(
    (each) => selectedBy(each, place) === selectedBy(mapping, place),
  )
  return others.some((each) => isSame(each, mapping)) ? others : [mapping]
}

function selectedBy(
  { conditions: { host }, manifest: { labels } }: Mapping,
  { hosts }: Installation,
): string {
  if (host !== undefined) return ''
  const selected = hosts.flatMap(({ selects = {} }) =>
    hasLabels(labels, selects) ? Object.entries(selects).map(([name, value]) => `${name}=${value}`) : [],
  )
  return selected.toSorted(compareText).join()
}

function distinct({ diagnostics }: Report): Report['diagnostics'] {
  return [...new Map(diagnostics.map((each) => [JSON.stringify(each), each])).values()]
}

/**
 * The servers of the assumed Listener, if there is no other: the first Mapping of all declares them, with a
 * note.
 */
function assumedServers(
  mapping: Mapping,
  report: Report,
  { lookup, place }: { readonly lookup: ObjectLookup; readonly place: Installation },
): readonly GatewayListener[] {
  if (!place.listeners.includes(assumedListener)) return []
  if (lookup.firstIndexed(indexKey.mappings(place.id)) !== objectKey(mapping.manifest.id)) return []
  const { port } = assumedListener
  report.note('mapping/assumed-listener', ['spec', 'prefix'], {
    message:
      `there is no Listener, so Mappings are served on port ${port}, in plain text, by gateway ` +
      `proxies with the label ambassador_id: ${place.id}`,
    hint:
      `write a Listener with port: ${port}, protocol: HTTP, securityModel: XFP and hostBinding: ` +
      `{namespace: {from: ALL}}`,
  })
  return serversOf({
    listener: assumedListener,
    hosts: place.hosts,
    id: place.id,
    transport: 'plain',
    created: '',
    origin: fieldOf(mapping, 'prefix'),
  }).map((server) => ({ ...server, namespace: mapping.manifest.id.namespace }))
}

/** Reports a shadow whose group has no Mapping that answers, with the most likely one. */
function noteLonely(
  mapping: Mapping,
  report: Report,
  { lookup, id }: { readonly lookup: ObjectLookup; readonly id: string },
): void {
  const primaries = mappingsIn(lookup.indexed(indexKey.mappings(id))).filter((each) => !isShadow(each))
  report.note('mirror/attached-to-nothing', ['spec', 'shadow'], {
    message:
      `no Mapping without shadow has its prefix ${mapping.spec.prefix}${describe(mapping)}, so ` +
      `nothing is mirrored`,
    hint:
      nearest(mapping, primaries) ??
      'write a Mapping with the same prefix, hostname, method, headers, query_parameters and precedence',
  })
}

function describe({ spec }: Mapping): string {
  return spec.hostname === undefined ? '' : ` and hostname ${spec.hostname}`
}

const parts: Readonly<Record<string, (mapping: Mapping) => unknown>> = {
  prefix: ({ spec }) => spec.prefix,
  hostname: ({ conditions }) => conditions.host ?? conditions.hostRegex,
  method: ({ spec }) => spec.method,
  headers: ({ conditions }) => conditions.headers.filter(({ name }) => !name.startsWith(':')),
  query_parameters: ({ conditions }) => conditions.queryParameters,
  precedence: ({ spec }) => spec.precedence ?? 0,
}

/** The Mapping that differs in only one part of the key, in the prefix only a little. */
function nearest(mapping: Mapping, primaries: readonly Mapping[]): string | undefined {
  const candidates = primaries.flatMap((primary) => {
    const differing = Object.entries(parts).filter(
      ([, read]) => !isDeepStrictEqual(read(primary), read(mapping)),
    )
    const [only, ...more] = differing
    return only === undefined || more.length > 0 ? [] : [{ primary, field: only[0], read: only[1] }]
  })
  const prefixes = candidates
    .filter(({ field }) => field === 'prefix')
    .map(({ primary }) => primary.spec.prefix)
  const meant = didYouMean(mapping.spec.prefix, prefixes)
  const found =
    candidates.find(({ field }) => field !== 'prefix') ??
    candidates.find(({ primary }) => primary.spec.prefix === meant)
  if (found === undefined) return undefined
  return (
    `Mapping ${nameOfMapping(found.primary)} differs in ${found.field} only: ` +
    `${shown(found.read(found.primary))} there, ${shown(found.read(mapping))} here`
  )
}

function shown(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value)
}

/** The resolver of Emissary that finds endpoints by itself, as is done here for every Service. */
const endpointResolver = 'endpoint'

/** Findings about a Mapping by itself. */
function checkMapping(mapping: Mapping, report: Report): void {
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
      message: `host is ${spec.host ?? ''}, which is compared unchanged, must not have a *`,
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
