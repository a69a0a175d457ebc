import { z } from 'zod'
import { didYouMean } from '../../diagnostics/did-you-mean.ts'
import type { FieldPath } from '../../diagnostics/diagnostic.ts'
import { message } from '../../manifest/message.ts'
import type { BackendReference } from '../../model/backend.ts'
import { objectHost } from '../../model/names.ts'
import type { ObjectLookup } from '../dialect.ts'
import { serviceHost } from '../kubernetes/host.ts'
import type { Report } from '../reading/report.ts'
import { discoveredUpstream } from './upstream/discovered-upstream.ts'
import { objectId } from './kinds.ts'

/** Gloo's ResourceRef (core.solo.io): without a namespace it is taken to be beside the object that refers. */
export const reference = message({ name: z.string().min(1), namespace: z.string().optional() })

export type Reference = z.infer<typeof reference>

/** A field of an object, and what the object may look up. */
export interface Site {
  readonly report: Report
  readonly path: FieldPath
  readonly lookup: ObjectLookup
}

export function referredTo(
  { name, namespace = '' }: Reference,
  { report }: Pick<Site, 'report'>,
): { readonly namespace: string; readonly name: string } {
  return { name, namespace: namespace === '' ? report.manifest.id.namespace : namespace }
}

/**
 * The Upstream at a field, otherwise the Service for which Gloo's discovery makes an Upstream of that name.
 * If there is neither, this is reported, and the backend is rejected; `use` has the consequence.
 */
export function upstreamBackend(value: Reference, site: Site, use: UpstreamUse): BackendReference {
  const { report, path, lookup } = site
  const id = objectId('Upstream', referredTo(value, site))
  const origin = { object: report.manifest.id, path }
  const found = lookup.manifest(id) !== undefined
  const discovered = found ? undefined : discoveredUpstream(id.name, lookup)
  if (discovered?.known === true) {
    return {
      host: serviceHost(discovered.name, discovered.namespace, lookup.settings.domain),
      port: discovered.port,
      subset: undefined,
      origin,
    }
  }
  if (!found) {
    const meant = didYouMean(
      id.name,
      offered(
        lookup.manifestsOf(id, id.namespace).map((each) => each.id.name),
        use,
      ),
    )
    report.note(`${use.area}/unknown-host`, [...path, 'name'], {
      message: `there is no Upstream ${id.namespace}/${id.name}: ${consequences[use.area]}`,
      hint:
        discovered !== undefined && use.area === 'route'
          ? portHint(discovered)
          : meant === undefined
            ? undefined
            : `did you mean ${meant}?`,
    })
  }
  return {
    host: objectHost(id),
    port: undefined,
    subset: undefined,
    ...(found ? {} : { rejected: true }),
    origin,
  }
}

function portHint({
  namespace,
  name,
  ports,
}: {
  readonly namespace: string
  readonly name: string
  readonly ports: readonly number[]
}): string {
  return `Service ${namespace}/${name} has ${ports.length === 0 ? 'no port' : `port ${ports.join(', ')}`}`
}

/** The use of an Upstream; for a mirror, the Upstreams of its route, or undefined if they are unknown. */
type UpstreamUse =
  { readonly area: 'route' } | { readonly area: 'mirror'; readonly primaries: readonly string[] | undefined }

/** Names that a hint may suggest: for a mirror none of its route's destinations. */
function offered(names: readonly string[], use: UpstreamUse): readonly string[] {
  if (use.area === 'route') return names
  return use.primaries === undefined ? [] : names.filter((name) => use.primaries?.includes(name) === false)
}

const consequences = {
  mirror: 'nothing is mirrored there, the route is served without it',
  route: 'requests for it are answered with 503',
} as const satisfies Record<UpstreamUse['area'], string>

/** A destination of an unsupported kind, which answers 503. */
export function nowhere({ report, path }: Pick<Site, 'report' | 'path'>): BackendReference {
  return {
    host: '',
    port: undefined,
    subset: undefined,
    rejected: true,
    origin: { object: report.manifest.id, path },
  }
}
