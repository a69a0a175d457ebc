import { isDeepStrictEqual } from 'node:util'
import { objectKey } from '../../../diagnostics/diagnostic.ts'
import type { Report } from '../../reading/report.ts'
import type { Group } from './group.ts'
import { hostsOf } from './group-table.ts'
import type { Installation } from './group-table.ts'
import { binds } from '../listener.ts'
import { isRedirect, nameOfMapping } from './mapping.ts'
import type { Mapping } from './mapping.ts'
import type { MappingSpec } from './mapping-spec.ts'
import { sharesOf } from './weight.ts'

/** Findings about one Mapping of a group that follow from the others. */
export function checkMember(mapping: Mapping, group: Group, report: Report): void {
  const refusal = group.refusals.find((each) => isSame(each.mapping, mapping))
  if (refusal !== undefined) report.note(refusal.code, refusal.path, refusal.wording)
  if (group.shadows.some((each) => isSame(each, mapping))) noteOnShadow(mapping, group, report)
  if (group.primaries.some((each) => isSame(each, mapping))) noteOverruled(mapping, group, report)
}

/** A copy is the primary request after the route has changed it. */
const ofPrimary = [
  'rewrite',
  'regex_rewrite',
  'timeout_ms',
  'host_rewrite',
  'auto_host_rewrite',
  'retry_policy',
  'cors',
  'case_sensitive',
  'add_request_headers',
  'add_response_headers',
  'remove_request_headers',
  'remove_response_headers',
] as const satisfies readonly (keyof MappingSpec)[]

function noteOnShadow({ spec }: Mapping, { primaries: [first] }: Group, report: Report): void {
  if (first === undefined) return
  if (isRedirect(first)) {
    report.note('mirror/without-forward', ['spec', 'shadow'], {
      message:
        `Mapping ${nameOfMapping(first)}, the primary of its group, answers with a redirect, so ` +
        `there is nothing to mirror`,
    })
    return
  }
  for (const field of ofPrimary) {
    if (spec[field] === undefined || isDeepStrictEqual(spec[field], first.spec[field])) continue
    report.note('mapping/ignored-on-shadow', ['spec', field], {
      message:
        `${field} of a shadow has no effect: its copies are what Mapping ${nameOfMapping(first)} ` +
        `makes of the requests`,
      hint: `write it in Mapping ${nameOfMapping(first)}, or remove it`,
    })
  }
}

/** Emissary has one route for each Mapping, here they are one: the first Mapping's value is used. */
const ofFirst = ['rewrite', 'timeout_ms', 'case_sensitive'] as const satisfies readonly (keyof MappingSpec)[]

/** The last Mapping that sets the field wins, as in Emissary. */
const ofLast = [
  'regex_rewrite',
  'retry_policy',
  'cors',
  'remove_request_headers',
  'remove_response_headers',
] as const satisfies readonly (keyof MappingSpec)[]

const defaults: Partial<MappingSpec> = { rewrite: '/', timeout_ms: 3000, case_sensitive: true }

function noteOverruled(mapping: Mapping, { primaries }: Group, report: Report): void {
  const value = ({ spec }: Mapping, field: keyof MappingSpec): unknown => spec[field] ?? defaults[field]
  const note = (field: keyof MappingSpec, by: Mapping): void => {
    report.note('mapping/overruled-field', ['spec', field], {
      message: [
        `${field} differs from that of Mapping ${nameOfMapping(by)} in its group,`,
        'which applies to both',
      ].join(' '),
      hint: `write the same ${field} in both`,
    })
  }
  const [first = mapping] = primaries
  for (const field of ofFirst)
    if (!isDeepStrictEqual(value(mapping, field), value(first, field))) note(field, first)
  for (const field of ofLast) {
    const last = primaries.findLast(({ spec }) => spec[field] !== undefined)
    if (
      last !== undefined &&
      mapping.spec[field] !== undefined &&
      !isDeepStrictEqual(mapping.spec[field], last.spec[field])
    )
      note(field, last)
  }
}

/** Findings about a group as a whole, reported at its first Mapping. */
export function checkGroup(group: Group, place: Installation, report: Report): void {
  const { mistake } = sharesOf(group.primaries)
  const [first] = group.primaries
  if (first === undefined) return
  if (mistake !== undefined && !isRedirect(first))
    report.note('mapping/weights', ['spec', 'weight'], {
      message: mistake,
      hint: 'leave weight out of the Mapping that takes the rest',
    })
  const hosts = hostsOf(group, place)
  if (hosts.length === 0) report.note('mapping/no-host', hostField(first), withoutHost(first, place))
  else if (!hosts.some((host) => place.listeners.some((listener) => binds(listener, host)))) {
    report.note('mapping/no-host', hostField(first), {
      message:
        `Host ${hosts.map(({ namespace, name }) => `${namespace}/${name}`).join(', ')} takes it, ` +
        `and no Listener binds that: it is not served`,
      hint: 'write hostBinding: {namespace: {from: ALL}} in a Listener',
    })
  }
}

function hostField({ spec }: Mapping): readonly string[] {
  return ['spec', spec.hostname !== undefined ? 'hostname' : spec.host !== undefined ? 'host' : 'prefix']
}

function withoutHost(
  { conditions: { host } }: Mapping,
  { hosts }: Installation,
): { readonly message: string; readonly hint: string } {
  const there = hosts
    .map(({ namespace, name, hostname, origin }) =>
      origin === undefined ? hostname : `${namespace}/${name} (${hostname})`,
    )
    .join(', ')
  if (host === undefined)
    return {
      message: 'it has no hostname, and no Host selects its labels: it is not served',
      hint: 'write hostname: "*" for every Host',
    }
  return { message: `no Host takes ${host}: it is not served`, hint: `the Hosts are ${there}` }
}

export function isSame({ manifest: a }: Mapping, { manifest: b }: Mapping): boolean {
  return objectKey(a.id) === objectKey(b.id)
}
