import type { FieldPath } from '../diagnostics/diagnostic.ts'
import type { JsonObject } from '../manifest/manifest.ts'
import { renderByteSize } from '../model/byte-size.ts'
import type { Mirror } from '../model/mirror.ts'
import type { Settings } from '../model/settings.ts'
import type { Comment } from './rendered.ts'

/** A mirror, and its place in the written object. */
export interface PlacedMirror {
  readonly mirror: Mirror
  readonly path: FieldPath
}

export interface MirrorAnnotations {
  /** Undefined if the flags are enough. */
  readonly annotations: JsonObject | undefined
  readonly comments: readonly Comment[]
}

/**
 * The `shadowplane.io/…` annotations that give an object's mirrors these options, and a comment on each
 * mirror that differs from the first.
 */
export function mirrorAnnotations(mirrors: readonly PlacedMirror[], settings: Settings): MirrorAnnotations {
  const [first] = mirrors
    .filter(({ mirror }) => mirror.host.kind !== 'rewrite')
    .toSorted((a, b) => Number(isDefault(a.mirror, settings)) - Number(isDefault(b.mirror, settings)))
  const chosen = first?.mirror
  const annotations = chosen === undefined ? {} : optionsOf(chosen, settings)
  return {
    annotations: Object.keys(annotations).length === 0 ? undefined : annotations,
    comments: mirrors.flatMap(({ mirror, path }) =>
      deviations(mirror, chosen).map((text) => ({ path, text })),
    ),
  }
}

function isDefault(mirror: Mirror, settings: Settings): boolean {
  return Object.keys(optionsOf(mirror, settings)).length === 0
}

function optionsOf(
  { host, cluster, limits }: Mirror,
  { mirrorHost, mirrorCluster, mirrorLimits }: Settings,
): JsonObject {
  const limitNames = {
    maxConnections: 'mirror-max-connections',
    maxPendingRequests: 'mirror-max-pending-requests',
    maxRequests: 'mirror-max-requests',
  } as const
  const others = (['maxConnections', 'maxPendingRequests', 'maxRequests'] as const).filter(
    (field) => limits[field] !== mirrorLimits[field],
  )
  return {
    ...(host.kind === mirrorHost.kind ? {} : { 'shadowplane.io/shadow-host': host.kind }),
    ...(cluster === mirrorCluster ? {} : { 'shadowplane.io/mirror-clusters': cluster }),
    ...(limits.maxStreamDuration === mirrorLimits.maxStreamDuration
      ? {}
      : { 'shadowplane.io/mirror-max-stream-duration': `${limits.maxStreamDuration / 1000}s` }),
    ...Object.fromEntries(
      others.map((field) => [`shadowplane.io/${limitNames[field]}`, String(limits[field])]),
    ),
    ...(limits.maxBody === mirrorLimits.maxBody
      ? {}
      : {
          'shadowplane.io/mirror-max-body':
            limits.maxBody === 'unlimited' ? limits.maxBody : renderByteSize(limits.maxBody),
        }),
    ...(limits.connectionBuffer === mirrorLimits.connectionBuffer
      ? {}
      : { 'shadowplane.io/mirror-connection-buffer': renderByteSize(limits.connectionBuffer) }),
    ...(limits.outlierDetection === mirrorLimits.outlierDetection
      ? {}
      : { 'shadowplane.io/mirror-outlier-detection': limits.outlierDetection }),
  }
}

function deviations({ host, cluster, limits }: Mirror, chosen: Mirror | undefined): readonly string[] {
  if (host.kind === 'rewrite') return [`not carried: copies have the Host ${host.value}`]
  if (chosen === undefined) return []
  const kept =
    host.kind === 'keep' ? 'copies keep the Host of the request' : 'copies have -shadow behind their Host'
  return [
    ...(host.kind === chosen.host.kind ? [] : [`not carried: ${kept}; an object's mirrors have it alike`]),
    ...(cluster === chosen.cluster && JSON.stringify(limits) === JSON.stringify(chosen.limits)
      ? []
      : ["not carried: the limits of copies; an object's mirrors have them alike"]),
  ]
}
