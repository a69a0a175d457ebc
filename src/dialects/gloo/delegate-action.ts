import { z } from 'zod'
import { decode } from '../../manifest/decode.ts'
import { didYouMean } from '../../diagnostics/did-you-mean.ts'
import { message } from '../../manifest/message.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import { compareText } from '../../model/names.ts'
import { indexKey, objectId } from './kinds.ts'
import { reference, referredTo } from './reference.ts'
import type { Site } from './reference.ts'
import { expressions, isSelected } from './selector.ts'

/**
 * Gloo's DelegateAction: one RouteTable, or all that a selector chooses. `name` and `namespace` are the older
 * form of `ref`.
 */
export const delegateAction = message({
  ref: reference.optional(),
  name: z.string().optional(),
  namespace: z.string().optional(),
  selector: message({
    labels: z.record(z.string(), z.string()).optional(),
    expressions: expressions.optional(),
    namespaces: z.array(z.string()).optional(),
  }).optional(),
}).superRefine(({ ref, name, selector }, context) => {
  const given = [ref, name, selector].filter((each) => each !== undefined)
  if (given.length !== 1)
    context.addIssue({ code: 'custom', message: 'must name RouteTables by exactly one of ref and selector' })
})

type DelegateAction = z.infer<typeof delegateAction>

/**
 * The RouteTables that a route delegates to, in order of precedence; `site` is that of the delegateAction.
 */
export function delegatedTables(value: DelegateAction, site: Site): readonly Manifest[] {
  return value.selector === undefined ? namedTable(value, site) : selectedTables(value.selector, site)
}

function namedTable({ ref, name = '', namespace }: DelegateAction, site: Site): readonly Manifest[] {
  const { report, path, lookup } = site
  const id = objectId('RouteTable', referredTo(ref ?? { name, namespace }, site))
  const found = lookup.manifest(id)
  if (found !== undefined) return [found]
  const meant = didYouMean(
    id.name,
    lookup.manifestsOf(id, id.namespace).map((each) => each.id.name),
  )
  report.note('delegate/unknown', ref === undefined ? [...path, 'name'] : [...path, 'ref', 'name'], {
    message: `there is no RouteTable ${id.namespace}/${id.name}: the route has no effect`,
    ...(meant === undefined ? {} : { hint: `did you mean \`${meant}\`?` }),
  })
  return []
}

/** By weight, then by name. Without namespaces, those of the object's own namespace. */
function selectedTables(
  selector: NonNullable<DelegateAction['selector']>,
  { report, path, lookup }: Site,
): readonly Manifest[] {
  const { namespaces = [] } = selector
  const within = namespaces.length === 0 ? [report.manifest.id.namespace] : namespaces
  const found = lookup
    .indexed(indexKey('RouteTable'))
    .filter((each) => isSelected(each, { ...selector, namespaces: within }))
  if (found.length === 0)
    report.note('delegate/unknown', [...path, 'selector'], {
      message: `no RouteTable in ${within.join(', ')} has these labels: the route has no effect`,
    })
  return found.toSorted((a, b) => weightOf(a) - weightOf(b) || compareText(a.id.name, b.id.name))
}

const weighted = z.looseObject({ weight: z.number().int().optional().catch(undefined) })

function weightOf(manifest: Manifest): number {
  return decode({ manifest, path: ['spec'], schema: weighted, parts: [] }).value?.weight ?? 0
}
