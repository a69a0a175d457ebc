import { defaultSettings } from '../../../src/control-plane/config.ts'
import type { Diagnostic } from '../../../src/diagnostics/diagnostic.ts'
import { readManifest } from '../../../src/dialects/index.ts'
import { createPipeline, diagnosticsOf } from '../../../src/pipeline/pipeline.ts'
import type { Pipeline } from '../../../src/pipeline/pipeline.ts'
import { resourceTypes } from '../../../src/xds/resource-types.ts'
import type { Resource } from '../../../src/xds/resource.ts'
import { scopeKey } from '../../../src/xds/scope.ts'
import type { Scope } from '../../../src/xds/scope.ts'
import { keyOf, read } from './case.ts'
import type { Case, ReadObject } from './case.ts'

/** Resources by `<role> <type> <name>`. */
export type Resources = ReadonlyMap<string, Resource>

/** The resources of some objects, with no other objects beside them. */
export interface Alone {
  readonly resources: Resources
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * A case by itself: as it is written, without the object that has the mistake, and as it would be without the
 * mistake.
 */
export interface Translations {
  readonly written: Alone
  readonly mistaken: ReadObject | undefined
  /** Absent for a valid case. */
  readonly compared:
    | {
        readonly without: Alone
        readonly sound: Alone
        /**
         * The resources in force when the mistake comes as an edit of the sound object; undefined if the edit
         * is not rejected.
         */
        readonly afterEdit: Alone | undefined
      }
    | undefined
}

/** One pipeline for all of them, so that each is a few runs away from the one before. */
export function translateAlone(subject: Case, scopes: readonly Scope[]): Translations {
  const pipeline = createPipeline(defaultSettings)
  for (const scope of scopes) pipeline.connect(scopeKey(scope), scope)
  const { mistake } = subject
  subject.sound.forEach((object, index) => {
    if (index !== mistake?.object) put(pipeline, read(object))
  })
  const look = (): Alone => {
    pipeline.flush()
    return { resources: resourcesOf(pipeline, scopes), diagnostics: diagnosticsOf(pipeline) }
  }
  if (mistake === undefined) return { written: look(), mistaken: undefined, compared: undefined }
  const without = look()
  const mistaken = read(mistake.written)
  put(pipeline, mistaken)
  const { resources, diagnostics } = look()
  const written = { resources, diagnostics: [...diagnostics, ...mistaken.diagnostics] }
  const key = keyOf(mistaken)
  if (key !== undefined) pipeline.deleteManifest(key)
  pipeline.flush()
  const original = read(subject.sound[mistake.object] ?? {})
  put(pipeline, original)
  const sound = look()
  const manifest = mistaken.located?.manifest
  const isEditRefused =
    manifest !== undefined && key === keyOf(original) && readManifest(manifest, defaultSettings).rejected
  if (isEditRefused) put(pipeline, mistaken)
  return { written, mistaken, compared: { without, sound, afterEdit: isEditRefused ? look() : undefined } }
}

function put(pipeline: Pipeline, object: ReadObject): void {
  const key = keyOf(object)
  if (key !== undefined && object.located !== undefined) pipeline.setManifest(key, object.located.manifest)
}

/**
 * The resources of connected scopes. The virtual host of a route configuration without routes is no part of
 * any case: a case that has some replaces it.
 */
export function resourcesOf(pipeline: Pipeline, scopes: readonly Scope[]): Resources {
  return new Map(
    scopes.flatMap((scope) =>
      resourceTypes.flatMap(({ name: type }) =>
        (pipeline.read.get(pipeline.resources, `${scopeKey(scope)}|${type}`) ?? [])
          .filter(({ resource }) => !/\/blackhole:\d+$/.test(resource.name))
          .map(({ resource }) => [`${scope.role} ${type} ${resource.name}`, resource] as const),
      ),
    ),
  )
}
