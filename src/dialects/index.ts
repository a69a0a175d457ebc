import type { JsonObject, Manifest } from '../manifest/manifest.ts'
import type { Settings } from '../model/settings.ts'
import { translated } from './dialect.ts'
import type { Dialect, ObjectLookup, Read, ReadObject, Translated } from './dialect.ts'
import { emissary } from './emissary/index.ts'
import { gatewayApi } from './gateway-api/index.ts'
import { gloo } from './gloo/index.ts'
import { istio } from './istio/index.ts'
import { kubernetes } from './kubernetes/index.ts'
import { foreignProtection } from './reading/attached-policy.ts'
import { shadowplane } from './shadowplane/index.ts'
import type { StatusMoment, StatusReport } from './status.ts'
import { unclaimedKind, unreadKind } from './reading/unclaimed.ts'

export { withMeshConfig } from './istio/mesh-config.ts'

/** The only list of dialects. */
export const dialects: readonly Dialect[] = [kubernetes, istio, gatewayApi, gloo, emissary, shadowplane]

const claims = new Map(
  dialects.flatMap((dialect) =>
    dialect.kinds.flatMap(({ group, versions, kind, only }) =>
      versions.map((version) => [`${group}/${version}/${kind}`, { dialect, only }] as const),
    ),
  ),
)

const claimedKinds = new Set(
  dialects.flatMap(({ kinds }) => kinds.map(({ group, kind }) => `${group}/${kind}`)),
)

/** Whether some dialect reads the kind, in any version. */
export function isClaimed({ group, kind }: { readonly group: string; readonly kind: string }): boolean {
  return claimedKinds.has(`${group}/${kind}`)
}

const claimedNames = new Set(dialects.flatMap(({ kinds }) => kinds.map(({ kind }) => kind.toLowerCase())))
const claimedGroups = new Set(
  dialects.flatMap(({ kinds }) => kinds.map(({ group }) => group)).filter((group) => group !== ''),
)

/**
 * Whether an object with this version and kind, as far as they are known, is one that some dialect reads, or
 * is probably intended to be.
 */
export function mayBeRead({
  apiVersion,
  kind,
}: {
  readonly apiVersion?: string | undefined
  readonly kind?: string | undefined
}): boolean {
  const group = apiVersion?.includes('/') === true ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
  if (claimedGroups.has(group)) return true
  if (kind === undefined) return false
  if (apiVersion === undefined) return claimedNames.has(kind.toLowerCase())
  const id = { group, kind, namespace: '', name: '' }
  return (
    isClaimed(id) ||
    unreadKind(
      { id, apiVersion, labels: {}, annotations: {}, created: '', object: {}, exactNumbers: {} },
      allKinds,
    ) !== undefined
  )
}

/** Keys under which dialects find the manifest among all (`Dialect.indexKeys`). */
export function indexKeys(manifest: Manifest): readonly string[] {
  return [...new Set(dialectFor(manifest)?.indexKeys?.(manifest))]
}

/** The dialect that reads the manifest, by its kind and version, if any does. */
export function dialectFor({ apiVersion, id }: Manifest): Dialect | undefined {
  const claim = claims.get(`${id.group}/${apiVersion.split('/').at(-1) ?? ''}/${id.kind}`)
  return claim?.only === undefined || (claim.only.namespace === id.namespace && claim.only.name === id.name)
    ? claim?.dialect
    : undefined
}

/**
 * Whether an object is for the control plane that the settings speak of, and not for another revision of it.
 */
export function isInRevision(manifest: Manifest, settings: Settings): boolean {
  return dialectFor(manifest)?.inRevision?.(manifest, settings) ?? true
}

/** The new `status` of the object; undefined if nothing is reported about it. */
export function statusOf(report: StatusReport, moment: StatusMoment): JsonObject | undefined {
  return mayHaveStatus(report.manifest) ? dialectFor(report.manifest)?.status?.(report, moment) : undefined
}

const kindsWithStatus = new Set(
  dialects.flatMap(({ kinds, status }) =>
    status === undefined
      ? []
      : kinds.flatMap(({ group, kind, status: has }) => (has === undefined ? [] : [`${group}/${kind}`])),
  ),
)

/** Whether the API of the object's kind has a status that is written here. */
export function mayHaveStatus({
  id,
}: {
  readonly id: { readonly group: string; readonly kind: string }
}): boolean {
  return kindsWithStatus.has(`${id.group}/${id.kind}`)
}

/** A manifest and its decoded content. */
export type ReadManifest = Read & Pick<ReadObject, 'manifest'>

/** Decodes the manifest by its dialect; an object that no dialect reads has no value. */
export function readManifest(manifest: Manifest, settings: Settings): ReadManifest {
  const read = dialectFor(manifest)?.reader(manifest).read(manifest, settings)
  return {
    manifest,
    value: read?.value,
    diagnostics: read?.diagnostics ?? [],
    rejected: manifest.malformed === true || read?.rejected === true,
  }
}

/**
 * Translates a manifest that was read by its dialect, the findings of the reading first; for an object that
 * no dialect reads, see `translateUnclaimed`.
 */
export function translateManifest(
  { manifest, value, diagnostics: found, rejected }: ReadManifest,
  lookup: ObjectLookup,
): Translated {
  const dialect = dialectFor(manifest)
  if (dialect === undefined) return translateUnclaimed(manifest)
  const translation =
    value === undefined ? translated({}) : dialect.reader(manifest).translate({ manifest, value }, lookup)
  // If dialects share a host, their tables are ordered by this list.
  const rank = String(dialects.indexOf(dialect)).padStart(2, '0')
  const diagnostics = [...found, ...translation.diagnostics, ...annotationFindings(manifest)]
  return {
    ...translation,
    diagnostics,
    rejected,
    routeTables: translation.routeTables.map((table) => ({ ...table, order: `${rank} ${table.order}` })),
  }
}

/**
 * The manifest's mesh-wide settings over the operator's, under the key `mesh`; empty for almost every
 * manifest.
 */
export function meshSettings(manifest: Manifest, chosen: Settings): readonly (readonly ['mesh', Settings])[] {
  const settings = dialectFor(manifest)?.settings?.(manifest, chosen)
  return settings === undefined ? [] : [['mesh', settings]]
}

const allKinds = dialects.flatMap(({ kinds }) => kinds).filter(({ only }) => only === undefined)

const unread = new Set(
  dialects.flatMap((dialect) => dialect.unread ?? []).map(({ group, kind }) => `${group}/${kind}`),
)

function isKnownUnread({ group, kind }: Manifest['id']): boolean {
  return unread.has(`${group}/${kind}`)
}

/**
 * An object that no dialect reads: a mistake in its kind or version, a policy that protects what is served,
 * or a note.
 */
export function translateUnclaimed(manifest: Manifest): Translated {
  const mistake = isKnownUnread(manifest.id) ? undefined : unreadKind(manifest, allKinds)
  const protection = mistake === undefined ? foreignProtection(manifest, isClaimed) : undefined
  const notes = protection === undefined ? [mistake ?? unclaimedKind(manifest)] : []
  return translated({
    protections: protection === undefined ? [] : [protection],
    diagnostics: [...notes, ...annotationFindings(manifest)],
  })
}

function annotationFindings(manifest: Manifest): Translated['diagnostics'] {
  return dialects.flatMap((dialect) => dialect.annotationFindings?.(manifest) ?? [])
}
