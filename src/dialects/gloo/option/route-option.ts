import { z } from 'zod'
import type { ObjectId } from '../../../diagnostics/diagnostic.ts'
import { decode } from '../../../manifest/decode.ts'
import { message, parts } from '../../../manifest/message.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import { attachToObject } from '../../../model/attach.ts'
import type { Attachment } from '../../../model/attach.ts'
import { mirrorOptions } from '../../reading/annotation.ts'
import { translated } from '../../dialect.ts'
import type { ObjectLookup, Translated } from '../../dialect.ts'
import { reportOn } from '../../reading/report.ts'
import type { Report } from '../../reading/report.ts'
import { inert } from '../inert.ts'
import { readRouteOptions, removableOptions, routeOptions } from './route-options.ts'
import type { RouteOptions } from './route-options.ts'

const routeGroup = 'gateway.networking.k8s.io'

/** A PolicyTargetReference of the Gateway API: without a section. */
const targetReference = message({
  group: z.string(),
  kind: z.string(),
  name: z.string().min(1),
  namespace: z.string().optional(),
})

type TargetReference = z.infer<typeof targetReference>

const spec = message({
  options: routeOptions.optional(),
  targetRefs: parts(targetReference).optional(),
  namespacedStatuses: inert,
})

/**
 * A gateway.solo.io RouteOption: for the routes whose rules name it (ExtensionRef), and for those of the
 * HTTPRoutes in `targetRefs`.
 */
export function translateRouteOption(manifest: Manifest, lookup: ObjectLookup): Translated {
  const { value, diagnostics, rejected } = decode({
    manifest,
    path: ['spec'],
    schema: spec,
    parts: removableParts,
  })
  if (value === undefined) return translated({ diagnostics, rejected })
  const report = reportOn(manifest)
  const options = readRouteOptions(value.options ?? {}, siteIn(report, lookup))
  const targets = (value.targetRefs ?? [])
    .filter((each, index) => each !== undefined && isTarget(each, index, report))
    .flatMap((each) => each ?? [])
  const named = attachmentToItself(
    manifest,
    options,
    value.targetRefs === undefined ? 'only' : 'among others',
  )
  return translated({
    attachments: [named, ...attachmentsOf(manifest, options, targets)],
    diagnostics: [...diagnostics, ...report.diagnostics],
    rejected: rejected || report.rejected,
  })
}

const removableParts = [...removableOptions('options'), 'targetRefs.*']

/**
 * The options of a RouteOption, for an object that names it; mistakes are reported when it is translated
 * itself.
 */
export function readRouteOption(manifest: Manifest, lookup: ObjectLookup): RouteOptions {
  const { value } = decode({ manifest, path: ['spec'], schema: spec, parts: removableParts })
  return readRouteOptions(value?.options ?? {}, siteIn(reportOn(manifest), lookup))
}

function siteIn(report: Report, lookup: ObjectLookup): Parameters<typeof readRouteOptions>[1] {
  const { namespace, name } = report.manifest.id
  return {
    report,
    lookup,
    path: ['spec', 'options'],
    options: mirrorOptions(report, lookup.settings),
    primaries: undefined,
    runtimeKey: (target) => `shadowplane.mirror.${namespace}.${name}.routeoption.${target}`,
  }
}

function isTarget({ group, kind, namespace = '' }: TargetReference, index: number, report: Report): boolean {
  const path = ['spec', 'targetRefs', index]
  const own = report.manifest.id.namespace
  if (group !== routeGroup || kind !== 'HTTPRoute') {
    report.reject('field/invalid-value', [...path, 'kind'], {
      message:
        `targetRefs[${index}] is a ${group === '' ? '' : `${group} `}${kind}, must be an HTTPRoute ` +
        `of ${routeGroup}`,
    })
    return false
  }
  if (namespace !== '' && namespace !== own) {
    report.reject('field/invalid-value', [...path, 'namespace'], {
      message: `targetRefs[${index}].namespace is ${namespace}, must be the RouteOption's own, ${own}`,
      hint: 'put a RouteOption into that namespace',
    })
    return false
  }
  return true
}

/** To the routes whose rules name it: these take precedence, in the order in which a rule names them. */
function attachmentToItself(
  { id }: Manifest,
  options: RouteOptions,
  way: 'only' | 'among others',
): Attachment {
  return {
    ...declared(id, options),
    target: attachToObject(id),
    order: '0',
    ...(way === 'only' ? {} : { optional: true }),
  }
}

/** To the routes that it names itself: the oldest takes precedence. */
function attachmentsOf(
  { id, created }: Manifest,
  options: RouteOptions,
  targets: readonly TargetReference[],
): readonly Attachment[] {
  return targets.map(({ group, kind, name }): Attachment => ({
    ...declared(id, options),
    target: attachToObject({ group, kind, namespace: id.namespace, name }),
    order: ['1', created, id.name].join('\u0000'),
  }))
}

/** Only one of those that mention shadowing has an effect. */
function declared(
  object: ObjectId,
  { settings, mirror }: RouteOptions,
): Pick<Attachment, 'settings' | 'mirror' | 'oneOf' | 'origin'> {
  return {
    settings,
    ...(mirror === undefined ? {} : { oneOf: 'shadowing', ...(mirror === 'none' ? {} : { mirror }) }),
    origin: {
      object,
      path: mirror === undefined || mirror === 'none' ? ['spec', 'options'] : mirror.origin.path,
    },
  }
}
