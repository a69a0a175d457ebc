import type { Decoded } from '../../../manifest/decode.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import { compareText } from '../../../model/names.ts'
import type { RouteTable } from '../../../model/route.ts'
import { mirrorOptions } from '../../reading/annotation.ts'
import { translated } from '../../dialect.ts'
import type { ObjectLookup, Translated } from '../../dialect.ts'
import { noteUnsupported, reportOn } from '../../reading/report.ts'
import { parentsOf } from '../parent/parents.ts'
import type { Belonging } from '../parent/parents.ts'
import { rejectedRule } from './match/rejected-matches.ts'
import type { RejectedRules } from './match/rejected-matches.ts'
import { checkRules } from './rule-check.ts'
import type { CheckedRule } from './rule-check.ts'
import { routesOf } from './rule-routes.ts'
import type { RouteContext, RouteProtocol } from './route-context.ts'
import type { PlacedRule } from './rule-routes.ts'
import { createRouteConditions } from './route-conditions.ts'

interface DeclaredRoute<R> {
  readonly parentRefs?: Belonging['parentRefs'] | undefined
  readonly hostnames?: Belonging['hostnames'] | undefined
  /** A rule with a mistake is undefined. */
  readonly rules: readonly (R | undefined)[]
  readonly useDefaultGateways?: unknown
}

/** A route of either kind, decoded. */
export interface RouteTranslation<R extends CheckedRule> {
  readonly manifest: Manifest
  readonly decoded: Pick<Decoded<unknown>, 'diagnostics' | 'rejected'>
  readonly route: DeclaredRoute<R>
  readonly protocol: RouteProtocol
  readonly place: (rule: R, index: number, context: RouteContext) => PlacedRule | undefined
  readonly rejected: RejectedRules<R>
  /** Distinguishes the tables of this kind of route from others in `RouteTable.joins`. */
  readonly joins: string
}

/**
 * One route table for each place that the route applies to, with the same routes, and the route's status
 * towards each parent.
 */
export function translateRoute<R extends CheckedRule>(
  translation: RouteTranslation<R>,
  lookup: ObjectLookup,
): Translated {
  const { manifest, decoded, route, protocol, place, joins } = translation
  const report = reportOn(manifest)
  noteUnsupported(report, { path: ['spec'], value: { useDefaultGateways: route.useDefaultGateways } }, [
    'useDefaultGateways',
  ])
  const conditions = createRouteConditions()
  const context: RouteContext = {
    report,
    lookup,
    conditions,
    protocol,
    options: mirrorOptions(report, lookup.settings),
    distinct: counting(),
  }
  checkRules(route.rules, report)
  const routes = route.rules
    .flatMap((rule, index) => {
      const answering = rejectedRule(rule, index, { manifest, ...translation.rejected })
      const isWhole = rule !== undefined && rule.matches?.includes(undefined) !== true
      if (!isWhole) conditions.invalidRule(index, 'UnsupportedValue')
      return [rule, answering]
        .flatMap((each) => (each === undefined ? [] : (place(each, index, context) ?? [])))
        .flatMap((placed) => routesOf(placed, context))
    })
    .toSorted((a, b) => compareText(a.precedence ?? '', b.precedence ?? ''))
  const { namespace, name } = manifest.id
  const parents = parentsOf(
    { manifest, parentRefs: route.parentRefs ?? [], hostnames: route.hostnames ?? [] },
    lookup,
    report,
  )
  const rejected = decoded.rejected || report.rejected
  if (parents.belongs === 'to others') return translated({ rejected })
  return translated({
    routeTables: parents.tables.map((table): RouteTable => ({
      namespace,
      name,
      hosts: table.hosts,
      attachedTo: table.attachedTo,
      visibility: table.visibility,
      order: [manifest.created, namespace, name, manifest.id.kind].join('\u0000'),
      joins: `${table.joins}${joins}`,
      ...(table.replaces === undefined ? {} : { replaces: `${table.replaces}${joins}` }),
      routes: routes.map((each) => ({
        ...each,
        applies: table.applies,
        precedence: `${table.rank ?? ''}${each.precedence ?? ''}`,
      })),
      origin: { object: manifest.id, path: ['spec'] },
    })),
    statuses: parents.statuses(conditions.all(route.rules.length)),
    diagnostics: [...decoded.diagnostics, ...report.diagnostics],
    rejected,
  })
}

function counting(): RouteContext['distinct'] {
  const counts = new Map<string, number>()
  return (text) => {
    const count = (counts.get(text) ?? 0) + 1
    counts.set(text, count)
    return count === 1 ? text : `${text}-${count}`
  }
}
