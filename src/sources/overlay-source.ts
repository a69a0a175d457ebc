import { stringify } from 'yaml'
import { objectKey } from '../diagnostics/diagnostic.ts'
import type { ObjectId } from '../diagnostics/diagnostic.ts'
import type { JsonObject, LocatedManifest } from '../manifest/manifest.ts'
import { parseManifests } from '../manifest/yaml.ts'
import type { Source, SourceState } from './source.ts'

/** A Kubernetes object, in the form that it has in a file. */
export interface OverlayObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly namespace: string; readonly name: string }
  readonly spec: JsonObject
}

/**
 * Objects that the process itself adds for a while. Diagnostics show them as text of a file that has the name
 * of the object.
 */
export interface OverlaySource extends Source {
  /** Adds or replaces the object. Every listener has received it when this returns. */
  set(object: OverlayObject): ObjectId
  /** Removes the object; an absent one changes nothing. */
  delete(id: ObjectId): void
}

/** An empty overlay. */
export function createOverlaySource(): OverlaySource {
  const manifests = new Map<string, LocatedManifest>()
  let listener: ((state: SourceState) => void) | undefined
  const state = (): SourceState => ({ manifests: new Map(manifests), diagnostics: [], outage: undefined })
  return {
    start: () => Promise.resolve(state()),
    onChange: (listening) => {
      listener = listening
    },
    close: () => {
      listener = undefined
      return Promise.resolve()
    },
    set(object) {
      const located = locatedOf(object)
      manifests.set(objectKey(located.manifest.id), located)
      listener?.(state())
      return located.manifest.id
    },
    delete(id) {
      if (manifests.delete(objectKey(id))) listener?.(state())
    },
  }
}

function locatedOf(object: OverlayObject): LocatedManifest {
  const [located] = parseManifests(`<${object.kind} ${object.metadata.name}>`, stringify(object)).manifests
  if (located === undefined) throw new Error(`this is no Kubernetes object: ${JSON.stringify(object)}`)
  return located
}
