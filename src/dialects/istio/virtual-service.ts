import { z } from 'zod'
import { decode } from '../../manifest/decode.ts'
import { message, parts } from '../../manifest/message.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import type { RouteTable } from '../../model/route.ts'
import { translated } from '../dialect.ts'
import type { Surroundings, Translated } from '../dialect.ts'
import { mirrorOptions } from './annotation.ts'
import { oneLine } from './constraint.ts'
import { visibilityOf } from './export-to.ts'
import { resolveGateway, resolveHost } from './host.ts'
import { httpRule, routesOf } from './http-rule.ts'
import { noteUnsupported, reportOn } from './report.ts'
import type { Report } from './report.ts'

const spec = message({
  hosts: z.array(oneLine.min(1)).optional(),
  gateways: z.array(z.string()).optional(),
  http: parts(httpRule).optional(),
  tls: z.unknown().optional(),
  tcp: z.unknown().optional(),
  exportTo: z.array(z.string()).optional(),
})

/** What may be left out alone when there is no good version to fall back to. */
const removableParts = ['http.*.{mirror,mirrorPercentage,mirrorPercent}', 'http.*.mirrors.*', 'http.*.mirrors', 'http.*'] as const

/** A networking.istio.io VirtualService; its HTTP rules only, so far. */
export function translateVirtualService(manifest: Manifest, surroundings: Surroundings): Translated {
  const { settings } = surroundings
  const { value, diagnostics, refused } = decode({ manifest, path: ['spec'], schema: spec, parts: removableParts })
  if (value === undefined) return translated({ diagnostics, refused })
  const report = reportOn(manifest)
  noteUnsupported(report, { path: ['spec'], value }, ['tls', 'tcp'])
  const { namespace, name } = manifest.id
  if (value.hosts === undefined || value.hosts.length === 0) {
    report.note('field/unsupported', ['spec'], { message: 'a VirtualService without hosts is a delegate, which is not supported yet: it has no effect' })
    return translated({ diagnostics: [...diagnostics, ...report.diagnostics], refused })
  }
  const context = {
    report,
    settings,
    options: mirrorOptions(report, settings),
    repetition: counter(),
    metadata: { namespace: 'istio', config: `/apis/${manifest.apiVersion}/namespaces/${namespace}/virtual-service/${name}` },
  }
  const gateways = value.gateways === undefined || value.gateways.length === 0 ? ['mesh'] : value.gateways
  noteUnknownGateways(report, gateways, surroundings)
  const table: RouteTable = {
    namespace,
    name,
    hosts: value.hosts.map((host, index) => ({
      host: resolveHost(host, namespace, settings.domain), origin: { object: manifest.id, path: ['spec', 'hosts', index] },
    })),
    attachedTo: gateways.map((gateway) => resolveGateway(gateway, namespace)),
    visibility: visibilityOf(value.exportTo, namespace),
    order: [manifest.created, name, namespace].join('\u0000'),
    routes: (value.http ?? []).flatMap((rule, index) => rule === undefined ? [] : routesOf(rule, { ...context, path: ['spec', 'http', index] })),
    origin: { object: manifest.id, path: ['spec'] },
  }
  return translated({ routeTables: [table], diagnostics: [...diagnostics, ...report.diagnostics], refused: refused || report.refused })
}

function noteUnknownGateways(report: Report, gateways: readonly string[], surroundings: Surroundings): void {
  gateways.forEach((gateway, index) => {
    const [namespace, name] = resolveGateway(gateway, report.manifest.id.namespace).split('/')
    if (namespace === undefined || name === undefined) return
    if (surroundings.manifest({ group: report.manifest.id.group, kind: 'Gateway', namespace, name }) !== undefined) return
    report.note('gateway/unknown', ['spec', 'gateways', index], { message: `there is no Gateway ${namespace}/${name}, so its rules apply nowhere through it` })
  })
}

function counter(): (key: string) => number {
  const counts = new Map<string, number>()
  return (key) => {
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    return count
  }
}
