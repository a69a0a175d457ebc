import { FieldReader } from './field-reader.ts'
import { contentVersion } from './resource.ts'
import { InternPool } from './interned.ts'
import { field } from './wire.ts'

/**
 * The resource names of a request. Equal lists are one object while anybody holds it, so that results about
 * one client's list apply to every client that sends the same.
 */
export interface NameList {
  /** The repeated field, tags included. */
  readonly encoded: Buffer
  readonly names: readonly string[]
}

export const noNames: NameList = { encoded: Buffer.alloc(0), names: [] }

const lists = new InternPool<NameList>()

/** The list with these bytes, which are copied. Throws for bytes that are no list of names. */
export function nameList(encoded: Buffer): NameList {
  if (encoded.length === 0) return noNames
  const key = contentVersion([encoded])
  const known = lists.get(key)
  if (known?.encoded.equals(encoded) === true) return known
  const list = { encoded: Buffer.from(encoded), names: decodeNames(encoded) }
  lists.set(key, list)
  return list
}

/** The list of these names, as field 3 (`resource_names`, `resource_names_subscribe`). */
export function nameListOf(names: readonly string[]): NameList {
  return nameList(Buffer.concat(names.map((name) => field(3, name))))
}

function decodeNames(encoded: Buffer): readonly string[] {
  const names: string[] = []
  const reader = new FieldReader(encoded)
  while (reader.next()) names.push(reader.text())
  return names
}
