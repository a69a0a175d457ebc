import { z } from 'zod'
import type { FieldPath } from '../../diagnostics/diagnostic.ts'
import { decode } from '../../manifest/decode.ts'
import { message, parts } from '../../manifest/message.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import type { BackendReference } from '../../model/backend.ts'
import { noHeaderChanges } from '../../model/route.ts'
import type { Destination } from '../../model/route.ts'
import { largestWeight, portNumber } from '../reading/constraint.ts'
import { translated } from '../dialect.ts'
import type { ObjectLookup, Translated } from '../dialect.ts'
import { serviceHost } from '../kubernetes/host.ts'
import { noteUnsupported, rawValue, reportOn } from '../reading/report.ts'
import { noteUnsupportedOptions } from './option/protection.ts'
import type { Report } from '../reading/report.ts'
import { headerManipulation, headersOf } from './option/header-manipulation.ts'
import { inert, inertFields } from './inert.ts'
import { objectId } from './kinds.ts'
import { nowhere, reference, referredTo, upstreamBackend } from './reference.ts'
import type { Site } from './reference.ts'

const destination = message({
  upstream: reference.optional(),
  kube: message({ ref: reference, port: portNumber }).optional(),
  consul: inert,
  subset: inert,
  destinationSpec: inert,
}).superRefine(({ upstream, kube, consul }, context) => {
  const given = [upstream, kube, consul].filter((each) => each !== undefined)
  if (given.length !== 1)
    context.addIssue({ code: 'custom', message: 'must name exactly one of upstream and kube' })
})

const unsupportedOptions = [
  'bufferPerRoute',
  'csrf',
  'extauth',
  'extensions',
  'stagedTransformations',
  'transformations',
] as const

const weightedDestination = message({
  destination,
  weight: z.number().int().min(0).max(largestWeight).optional(),
  options: message({
    headerManipulation: headerManipulation.optional(),
    ...inertFields(unsupportedOptions),
  }).optional(),
})

/** Gloo's RouteAction: the destinations of requests. */
export const routeAction = message({
  single: destination.optional(),
  multi: message({ destinations: z.array(weightedDestination).min(1) }).optional(),
  upstreamGroup: reference.optional(),
  clusterHeader: inert,
  dynamicForwardProxy: inert,
}).superRefine((value, context) => {
  const given = Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .map(([field]) => field)
  if (given.length === 1) return
  context.addIssue({
    code: 'custom',
    message:
      `has ${given.join(' and ') || 'no destination'}, must have exactly one of single, multi, ` +
      `upstreamGroup`,
  })
})

/**
 * The destinations of a route action. An unsupported one answers 503, so that its requests do not reach a
 * later route.
 */
export function destinationsOf(value: z.infer<typeof routeAction>, site: Site): readonly Destination[] {
  const { report, path } = site
  if (value.single !== undefined)
    return [{ ...plain(backendOf(value.single, at(site, 'single'))), weight: 1 }]
  if (value.multi !== undefined) return weighted(value.multi.destinations, at(site, 'multi', 'destinations'))
  if (value.upstreamGroup !== undefined) return ofGroup(value.upstreamGroup, at(site, 'upstreamGroup'))
  for (const field of ['clusterHeader', 'dynamicForwardProxy'] as const) {
    if (value[field] === undefined) continue
    report.note('field/unsupported', [...path, field], {
      message: `${field} is not supported: requests for it are answered with 503`,
      hint: 'name an Upstream',
    })
  }
  return [{ ...plain(nowhere(site)), weight: 1 }]
}

/**
 * A destination with a mistake is undefined: its share of the requests is answered with 503, and goes to no
 * other.
 */
function weighted(
  declared: readonly (z.infer<typeof weightedDestination> | undefined)[],
  site: Site,
): readonly Destination[] {
  const destinations = declared.flatMap((declaredHere, index): readonly Destination[] => {
    if (declaredHere === undefined) {
      const weight = rawValue(site.report.manifest, [...site.path, index, 'weight'])?.value
      return [
        {
          ...plain(nowhere(at(site, index))),
          weight:
            typeof weight === 'number' && Number.isInteger(weight) && weight >= 0 && weight <= largestWeight
              ? weight
              : weight === undefined
                ? 0
                : 1,
        },
      ]
    }
    const { destination: each, weight = 0, options } = declaredHere
    const here = at(site, index)
    const optionsAt = at(here, 'options')
    noteUnsupportedOptions(site.report, { path: optionsAt.path, value: options }, unsupportedOptions)
    const changes = options?.headerManipulation
    const headers =
      changes === undefined ? noHeaderChanges : headersOf(changes, at(optionsAt, 'headerManipulation'))
    return [{ ...plain(backendOf(each, at(here, 'destination'))), weight, headers }]
  })
  const withWeight = destinations.filter(({ weight }) => weight > 0)
  if (withWeight.length > 0) return withWeight
  site.report.reject('field/invalid-value', site.path, {
    message: 'no destination has a weight, must have one above 0: requests are answered with 503',
  })
  return [{ ...plain(nowhere(site)), weight: 1 }]
}

function ofGroup(value: z.infer<typeof reference>, site: Site): readonly Destination[] {
  const id = objectId('UpstreamGroup', referredTo(value, site))
  const manifest = site.lookup.manifest(id)
  if (manifest === undefined) {
    site.report.note('route/unknown-host', [...site.path, 'name'], {
      message: `there is no UpstreamGroup ${id.namespace}/${id.name}: requests for it are answered with 503`,
    })
    return [{ ...plain(nowhere(site)), weight: 1 }]
  }
  return groupDestinations(reportOn(manifest), site.lookup).destinations
}

/** Findings about a gloo.solo.io UpstreamGroup. It becomes destinations of the routes that name it. */
export function translateUpstreamGroup(manifest: Manifest, lookup: ObjectLookup): Translated {
  const report = reportOn(manifest)
  const { diagnostics, rejected } = groupDestinations(report, lookup)
  return translated({
    diagnostics: [...diagnostics, ...report.diagnostics],
    rejected: rejected || report.rejected,
  })
}

const groupSpec = message({ destinations: parts(weightedDestination), namespacedStatuses: inert })

interface GroupDestinations extends Pick<Translated, 'diagnostics' | 'rejected'> {
  readonly destinations: readonly Destination[]
}

function shareAnswered(left: FieldPath): string | undefined {
  return left[0] === 'destinations' && left.length === 2
    ? 'its share of the requests is answered with 503'
    : undefined
}

function groupDestinations(report: Report, lookup: ObjectLookup): GroupDestinations {
  const { value, diagnostics, rejected } = decode({
    manifest: report.manifest,
    path: ['spec'],
    schema: groupSpec,
    parts: ['destinations.*'],
    consequence: shareAnswered,
  })
  return {
    diagnostics,
    rejected,
    destinations: weighted(value?.destinations ?? [], {
      report,
      lookup,
      path: ['spec', 'destinations'],
    }),
  }
}

function backendOf(value: z.infer<typeof destination>, site: Site): BackendReference {
  const { report, path, lookup } = site
  noteUnsupported(report, { path, value }, ['subset', 'destinationSpec'])
  if (value.upstream !== undefined)
    return upstreamBackend(value.upstream, at(site, 'upstream'), { area: 'route' })
  if (value.kube !== undefined) {
    const { namespace, name } = referredTo(value.kube.ref, site)
    const host = serviceHost(name, namespace, lookup.settings.domain)
    return {
      host,
      port: value.kube.port,
      subset: undefined,
      origin: { object: report.manifest.id, path: [...path, 'kube'] },
    }
  }
  report.note('field/unsupported', [...path, 'consul'], {
    message: 'destinations in Consul are not supported: requests for it are answered with 503',
    hint: 'name an Upstream',
  })
  return nowhere(site)
}

function plain(backend: BackendReference): Omit<Destination, 'weight'> {
  return { backend, headers: noHeaderChanges, authority: undefined }
}

function at(site: Site, ...steps: Site['path']): Site {
  return { ...site, path: [...site.path, ...steps] }
}
