import { isMap, isSeq, parseDocument, stringify } from 'yaml'
import { objectKey } from '../../../src/diagnostics/diagnostic.ts'
import type { Diagnostic, FieldPath } from '../../../src/diagnostics/diagnostic.ts'
import type { Json, JsonObject, LocatedManifest } from '../../../src/manifest/manifest.ts'
import { parseManifests } from '../../../src/manifest/yaml.ts'
import type { Candidate, Mistake } from './mistake.ts'
import { placed } from './objects.ts'
import type { Place } from './objects.ts'
import { onceForEach } from '../once-for-all.ts'

/** A configuration in its place, read from YAML as a user's would be. */
export interface Case {
  readonly place: Place
  readonly kind: 'valid' | 'half-valid'
  /** All sound objects: with a mistake, the ones that would be there without it. */
  readonly sound: readonly JsonObject[]
  /** The objects as written. */
  readonly objects: readonly JsonObject[]
  readonly mistake: PlacedMistake | undefined
}

export interface PlacedMistake extends Mistake {
  readonly written: JsonObject
}

/** The namespace of the sidecar: in it, objects are private to what it sees. */
export const home = 'home'

/** Few, as each namespace is a sidecar's that sees everything. */
const namespaces = { together: [home], apart: ['east', 'west', 'north'] } as const

/**
 * A case has neighbours in its namespace, unless it has what speaks for the whole of it; the first of a batch
 * that is `apart` has the sidecar's to itself.
 */
export function caseOf(
  candidate: Candidate,
  {
    id,
    slot,
    arrangement,
  }: { readonly id: number; readonly slot: number; readonly arrangement: 'together' | 'apart' },
): Case {
  const { mistake } = candidate
  const isRenamed = mistake?.path[0] === 'metadata' && mistake.path[1] === 'name'
  const speaksForAll = isRenamed || candidate.objects.some(({ kind }) => kind === 'Sidecar')
  const among = namespaces[arrangement]
  const namespace =
    slot === 0 && arrangement === 'apart'
      ? home
      : speaksForAll
        ? `n${id}`
        : (among[slot % among.length] ?? home)
  const place = { id, slot, namespace }
  const sound = placed(candidate.objects, place)
  if (mistake === undefined) return { place, kind: 'valid', sound, objects: sound, mistake: undefined }
  const [written] = placed([mistake.mistaken], place)
  if (written === undefined) throw new Error('no object')
  const path = mistake.path.map((step) =>
    typeof step === 'string' ? step.replaceAll('{id}', `c${id}`).replaceAll('{ns}', place.namespace) : step,
  )
  return {
    place,
    kind: 'half-valid',
    sound,
    objects: sound.map((each, index) => (index === mistake.object ? written : each)),
    mistake: { ...mistake, path, written },
  }
}

/** An object of a case as a file with it alone would be read. */
export interface ReadObject {
  readonly text: string
  readonly located: LocatedManifest | undefined
  readonly diagnostics: readonly Diagnostic[]
}

export const read = onceForEach((object: JsonObject): ReadObject => {
  const text = stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })
  const { manifests, diagnostics } = parseManifests('case.yaml', text)
  return { text, located: manifests[0], diagnostics }
})

export function keyOf({ located }: ReadObject): string | undefined {
  return located === undefined ? undefined : objectKey(located.manifest.id)
}

export function kindOf({ kind }: JsonObject): string {
  return typeof kind === 'string' ? kind : ''
}

/**
 * The lines of a field, from 1, including its name; for an absent field, the lines of the field that would
 * hold it.
 */
export function linesOf(text: string, path: FieldPath): readonly [first: number, last: number] {
  const lineAt = (offset: number): number => text.slice(0, offset).split('\n').length
  const document = parseDocument(text)
  let node: unknown = document.contents
  let [first, last] = [1, lineAt(text.length)]
  for (const step of path) {
    const [from, value] = within(node, step)
    const range = rangeOf(value)
    if (range === undefined) return [first, last]
    first = lineAt((rangeOf(from) ?? range)[0])
    last = lineAt(Math.max(range[1] - 1, range[0]))
    node = value
  }
  return [first, last]
}

function within(node: unknown, step: string | number): readonly [name: unknown, value: unknown] {
  if (isSeq(node)) return [undefined, node.items[Number(step)]]
  if (!isMap(node)) return [undefined, undefined]
  const pair = node.items.find(({ key }) => String(key) === String(step))
  return [pair?.key, pair?.value]
}

function rangeOf(node: unknown): readonly [number, number] | undefined {
  const range = node !== null && typeof node === 'object' && 'range' in node ? node.range : undefined
  return Array.isArray(range) && typeof range[0] === 'number' && typeof range[1] === 'number'
    ? [range[0], range[1]]
    : undefined
}

/** The documents of a case, to be shown. */
export function yamlOf(objects: readonly Json[]): string {
  return objects.map((each) => stringify(each, { lineWidth: 0, aliasDuplicateObjects: false })).join('---\n')
}
