import type { Manifest } from '../../manifest/manifest.ts'
import { compareText } from '../../model/names.ts'
import { hasLabels } from '../../model/labels.ts'
import { translated } from '../dialect.ts'
import type { ObjectLookup, Translated } from '../dialect.ts'
import { reportOn } from '../reading/report.ts'
import type { Report } from '../reading/report.ts'
import { idsOf } from './ambassador-id.ts'
import { assumedServers } from './assumed-listener.ts'
import { checkGroup, checkMember, isSame } from './group-check.ts'
import { groupOf } from './group.ts'
import { groupKey } from './group-key.ts'
import { installation, tablesOf } from './group-table.ts'
import type { Installation } from './group-table.ts'
import { indexKey } from './index-key.ts'
import { noteLonely } from './lonely-shadow.ts'
import { checkMapping } from './mapping-check.ts'
import { isRedirect, isShadow, mappingsIn, readMapping } from './mapping.ts'
import type { Mapping } from './mapping.ts'
import { checkShadow } from './mirror.ts'
import { declaresCluster, upstreamOf } from './upstream.ts'

/**
 * A getambassador.io Mapping. Mappings with one key are a group, and the first of them that answers becomes
 * the routes of all: a change to one translates its group anew, and nothing else.
 */
export function translateMapping(manifest: Manifest, lookup: ObjectLookup): Translated {
  const { value: mapping, diagnostics, refused } = readMapping(manifest)
  if (mapping === undefined) return translated({ diagnostics, refused })
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
    refused: refused || report.refused,
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
 * The Mappings of one key, itself included, in their order. Without a host name, those of a group are
 * selected by the same labels, too.
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
