import { z } from 'zod'
import type { Diagnostic, FieldPath, ObjectId } from '../../../diagnostics/diagnostic.ts'
import { finding } from '../../../diagnostics/finding.ts'
import { decode } from '../../../manifest/decode.ts'
import type { Decoded } from '../../../manifest/decode.ts'
import { isRecord, message, parts } from '../../../manifest/message.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import type { RouteTable } from '../../../model/route.ts'
import { translated } from '../../dialect.ts'
import type { ObjectLookup, Read, Reader, ReadObject, Translated } from '../../dialect.ts'
import { hostPattern } from '../../reading/constraint.ts'
import { withMeantSpec } from '../../reading/meant-fields.ts'
import { once, rejectedConsequence } from '../../reading/rejected-rule.ts'
import { delegateId } from './delegation/delegation.ts'
import type { DelegateSpec } from './delegation/delegation.ts'
import { exportTo, visibilityOf } from '../export-to.ts'
import { noteGatewayHosts, noteMatchGateways } from './gateway-hosts.ts'
import { resolveGateway, resolveHost } from '../host.ts'
import { findingsOfRules, httpRoutes, readRules, rejectNested } from './http-routes.ts'
import { httpRule } from './http-rule.ts'
import { mirrorHints } from './mirror-hint.ts'
import { rejectedConsequences, withRejectedRules } from './rejected-rules.ts'
import { rejectedTlsConsequences, withRejectedTlsRules } from './rejected-tls-rules.ts'
import { noteUnsupported, reportOn } from '../../reading/report.ts'
import type { Report } from '../../reading/report.ts'
import { checkTlsRule, tlsRoutesOf, tlsRule } from './tls-rule.ts'
import type { TlsRule } from './tls-rule.ts'
import type { PlacedRule } from './placed-rule.ts'

const spec = message({
  hosts: z.array(hostPattern).optional(),
  gateways: z.array(z.string()).optional(),
  http: parts(httpRule).optional(),
  tls: parts(tlsRule).optional(),
  tcp: z.unknown().optional(),
  exportTo: exportTo.optional(),
})

/** The parts that can be left out separately if the object has no last good version. */
const removableParts = [
  'http.*.mirrors.*',
  'http.*.{mirror,mirrors,mirrorPercentage,mirrorPercent}',
  'http.*.fault',
  'http.*.corsPolicy',
  'http.*.headers.*.*.*',
  'http.*.route.*.headers.*.*.*',
  'http.*',
  'tls.*',
  'exportTo',
] as const

/** The `spec` of a VirtualService. */
function decodeSpec(manifest: Manifest): Decoded<z.infer<typeof spec>> {
  const [ofRule, ofTlsRule] = [rejectedConsequences(manifest), rejectedTlsConsequences(manifest)]
  const whole = once(() => rejectedWhole(manifest))
  const consequence = (left: FieldPath): string | undefined =>
    left.length > 0
      ? (ofRule(left) ?? ofTlsRule(left))
      : whole() === undefined
        ? undefined
        : rejectedConsequence([])
  const decoded = decode({
    manifest,
    path: ['spec'],
    schema: spec,
    parts: removableParts,
    hints: mirrorHints,
    consequence,
  })
  const { value } = decoded
  if (value === undefined) return { ...decoded, value: whole() }
  const { http, tls } = value
  return {
    ...decoded,
    value: {
      ...value,
      ...(http === undefined ? {} : { http: [...withRejectedRules(http, manifest)] }),
      ...(tls === undefined ? {} : { tls: [...withRejectedTlsRules(tls, manifest)] }),
    },
  }
}

/**
 * A VirtualService with a mistake outside of its rules: its requests are answered with an error, and its
 * connections closed. Undefined if its hosts or gateways cannot be read.
 */
function rejectedWhole(manifest: Manifest): z.infer<typeof spec> | undefined {
  const meant = withMeantSpec(manifest, { known: Object.keys(spec.out.shape), lists: ['http', 'tls'] })
  const {
    hosts,
    gateways,
    exportTo: visible,
    http,
    tls,
  } = isRecord(meant?.object['spec']) ? meant.object['spec'] : {}
  const [rules, tlsRules] = [http, tls].map((list) => (Array.isArray(list) ? list.map(() => undefined) : []))
  if (meant === undefined || (!Array.isArray(http) && !Array.isArray(tls))) return undefined
  const { data } = spec.safeParse({ hosts, gateways, exportTo: visible })
  if (data?.hosts === undefined || data.hosts.length === 0) return undefined
  return {
    ...data,
    http: [...withRejectedRules(rules ?? [], meant)],
    tls: [...withRejectedTlsRules(tlsRules ?? [], meant)],
  }
}

/** The content of a VirtualService. */
export interface VirtualService {
  /** Empty for a delegate. */
  readonly hosts: readonly string[]
  /** Never empty. */
  readonly gateways: readonly string[]
  readonly exportTo: readonly string[] | undefined
  readonly http: readonly (PlacedRule | undefined)[]
  readonly tls: readonly (TlsRule | undefined)[]
}

/**
 * A networking.istio.io VirtualService. Without hosts it is a delegate, and becomes routes of the objects
 * that name it.
 */
export const virtualServiceReader: Reader<VirtualService> = {
  read: readVirtualService,
  translate: translateVirtualService,
}

function readVirtualService(manifest: Manifest): Read<VirtualService> {
  const { value, diagnostics, rejected } = decodeSpec(manifest)
  if (value === undefined) return { value, diagnostics, rejected }
  const report = reportOn(manifest)
  const { hosts = [], tls = [] } = value
  const role = hosts.length === 0 ? 'delegate' : 'root'
  const gateways = value.gateways === undefined || value.gateways.length === 0 ? ['mesh'] : value.gateways
  const http = readRules(value.http ?? [], report)
  if (role === 'delegate') {
    rejectBeyondHttp(report, value)
    rejectNested(http, report)
  } else {
    noteUnsupported(report, { path: ['spec'], value }, ['tcp'])
    rejectAnyHost(report, hosts, gateways)
    noteMatchGateways(report, value.http ?? [], gateways)
    tls.forEach((rule, index) => {
      if (rule !== undefined) checkTlsRule(rule, { report, path: ['spec', 'tls', index] }, gateways)
    })
  }
  return {
    value: { hosts, gateways, exportTo: value.exportTo, http, tls },
    diagnostics: [...diagnostics, ...report.diagnostics, ...findingsOfRules(http, role)],
    rejected: rejected || report.rejected,
  }
}

function translateVirtualService(
  { manifest, value }: ReadObject<VirtualService>,
  lookup: ObjectLookup,
): Translated {
  const { hosts, gateways, exportTo: exported } = value
  if (hosts.length === 0) return translated({ unlessDelegated: [unused(manifest)] })
  const { settings } = lookup
  const { namespace, name } = manifest.id
  const report = reportOn(manifest)
  const http = httpRoutes(value.http, { manifest, lookup, delegateOf: (id) => delegateSpec(id, lookup) })
  noteUnknownGateways(report, gateways, lookup)
  noteGatewayHosts(report, { hosts, gateways }, lookup)
  const table: RouteTable = {
    namespace,
    name,
    hosts: hosts.map((host, index) => ({
      host: resolveHost(host, namespace, settings.domain),
      origin: { object: manifest.id, path: ['spec', 'hosts', index] },
    })),
    attachedTo: servedBy(gateways, hosts).map((gateway) => resolveGateway(gateway, namespace)),
    visibility: visibilityOf(exported, namespace, settings.defaultExport.routeTables),
    order: [manifest.created, name, namespace].join('\u0000'),
    routes: http.routes,
    origin: { object: manifest.id, path: ['spec'] },
  }
  const { attachedTo, visibility, order } = table
  const tlsRoutes = value.tls.flatMap((rule, index) =>
    rule === undefined
      ? []
      : tlsRoutesOf(rule, { manifest, path: ['spec', 'tls', index], domain: settings.domain }),
  )
  const tlsTables =
    tlsRoutes.length === 0 ? [] : [{ namespace, name, attachedTo, visibility, order, routes: tlsRoutes }]
  return translated({
    routeTables: [table],
    tlsTables,
    delegates: value.http.flatMap((placed) =>
      placed?.rule.delegate === undefined ? [] : [delegateId(placed.rule.delegate, manifest.id)],
    ),
    diagnostics: [...report.diagnostics, ...http.diagnostics],
  })
}

function unused({ id }: Manifest): Diagnostic {
  return finding(
    'delegate/unused',
    { object: id, path: ['metadata', 'name'] },
    {
      message:
        'it has no hosts, so its rules apply only if a rule of another VirtualService delegates to it, ' +
        'and none does',
      hint: 'name it in the delegate of a rule, or give it hosts',
    },
  )
}

function delegateSpec(id: ObjectId, lookup: ObjectLookup): DelegateSpec {
  const value = lookup.value(virtualServiceReader, id)
  return {
    isDelegate: (value?.hosts ?? []).length === 0,
    visibility: visibilityOf(value?.exportTo, id.namespace, lookup.settings.defaultExport.routeTables),
    rules: value?.http ?? [],
  }
}

/** A delegate has rules for HTTP only; hosts and gateways are its roots'. */
function rejectBeyondHttp(report: Report, value: z.infer<typeof spec>): void {
  for (const field of ['gateways', 'tls', 'tcp'] as const) {
    const declared: unknown = value[field]
    if (!Array.isArray(declared) || declared.length === 0) continue
    report.reject('field/invalid-value', ['spec', field], {
      message: `${field} has no effect in a VirtualService without hosts, which is a delegate`,
      hint: `remove ${field}, or name hosts`,
    })
  }
}

/** The host `*` would be every host of the mesh: istiod refuses that (ValidateVirtualService). */
function servedBy(gateways: readonly string[], hosts: readonly string[]): readonly string[] {
  return hosts.includes('*') ? gateways.filter((gateway) => gateway !== 'mesh') : gateways
}

function rejectAnyHost(report: Report, hosts: readonly string[], gateways: readonly string[]): void {
  if (!gateways.includes('mesh')) return
  hosts.forEach((host, index) => {
    if (host !== '*') return
    report.reject('field/invalid-value', ['spec', 'hosts', index], {
      message: 'hosts has "*", which is not allowed for sidecars: no sidecar is given the rules',
      hint: 'name the hosts, or name a Gateway in gateways',
    })
  })
}

function noteUnknownGateways(report: Report, gateways: readonly string[], lookup: ObjectLookup): void {
  gateways.forEach((gateway, index) => {
    const [namespace, name] = resolveGateway(gateway, report.manifest.id.namespace).split('/')
    if (namespace === undefined || name === undefined) return
    if (lookup.manifest({ group: report.manifest.id.group, kind: 'Gateway', namespace, name }) !== undefined)
      return
    report.note('gateway/unknown', ['spec', 'gateways', index], {
      message: `there is no Gateway ${namespace}/${name}, so its rules apply nowhere through it`,
    })
  })
}
