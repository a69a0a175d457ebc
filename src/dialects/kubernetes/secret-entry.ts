import type { FieldPath } from '../../diagnostics/diagnostic.ts'
import type { Json, Manifest } from '../../manifest/manifest.ts'

/** A value of a Secret, and where it stands. */
export interface Entry {
  /** Undefined: it is no text in base64. */
  readonly text: string | undefined
  readonly path: FieldPath
  /** Its name in messages: `data["tls.crt"]`. */
  readonly shown: string
}

/** By key. */
export type Entries = ReadonlyMap<string, Entry>

/** What a Secret holds; `stringData` counts before `data`, which the API server lets it overwrite. */
export function entriesOf({ object }: Manifest): Entries {
  return new Map([
    ...entriesIn('data', object['data'], fromBase64),
    ...entriesIn('stringData', object['stringData'], (value) =>
      typeof value === 'string' ? value : undefined,
    ),
  ])
}

export function isPem({ text }: Entry): boolean {
  return text?.includes('-----BEGIN ') === true
}

function entriesIn(
  field: string,
  value: Json | undefined,
  decode: (value: Json) => string | undefined,
): readonly (readonly [string, Entry])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  return Object.entries(value).map(([key, each]: [string, Json]) => [
    key,
    { text: decode(each), path: [field, key], shown: `${field}["${key}"]` },
  ])
}

function fromBase64(value: Json): string | undefined {
  if (typeof value !== 'string') return undefined
  const compact = value.replaceAll(/\s/g, '')
  return /^[A-Za-z0-9+/]*={0,2}$/.test(compact) && compact.length % 4 === 0
    ? Buffer.from(compact, 'base64').toString('utf8')
    : undefined
}
