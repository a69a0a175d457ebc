import { withoutPem } from './confidential.ts'
import { FieldReader } from './field-reader.ts'
import { nameList, noNames } from './name-list.ts'
import type { NameList } from './name-list.ts'

/** What both kinds of request carry. `node` stays encoded: stock Envoy repeats its long node in each, and only the first one counts. */
interface AnyRequest {
  readonly node: Uint8Array
  readonly typeUrl: string
  readonly nonce: string
  /** The message of `error_detail`; undefined without one. */
  readonly refusal: string | undefined
}

/** envoy.service.discovery.v3.DiscoveryRequest as the server reads it; absent fields have their default. */
export interface SotwRequest extends AnyRequest {
  readonly version: string
  readonly names: NameList
}

/** envoy.service.discovery.v3.DeltaDiscoveryRequest as the server reads it; absent fields have their default. */
export interface DeltaRequest extends AnyRequest {
  readonly subscribe: NameList
  readonly unsubscribe: NameList
  readonly initialVersions: ReadonlyMap<string, string>
}

const noBytes: Buffer = Buffer.alloc(0)
const noVersions: ReadonlyMap<string, string> = new Map()

/**
 * Throws for bytes that are no such message. A client repeats its names in each request: where they are one of the `known`
 * lists, their bytes are compared and not decoded.
 */
export function decodeSotwRequest(bytes: Uint8Array, known: readonly NameList[]): SotwRequest {
  const reader = new FieldReader(bytes)
  const names = new RepeatedNames(known)
  const request = { node: noBytes, typeUrl: '', nonce: '', refusal: undefined as string | undefined, version: '' }
  while (reader.next()) {
    switch (reader.number) {
      case 1: request.version = reader.text(); break
      case 2: request.node = reader.message(); break
      case 3: names.take(reader); break
      case 4: request.typeUrl = reader.text(); break
      case 5: request.nonce = reader.text(); break
      case 6: request.refusal = statusMessage(reader.message()); break
    }
  }
  return { ...request, names: names.list() }
}

/** Throws for bytes that are no such message. */
export function decodeDeltaRequest(bytes: Uint8Array): DeltaRequest {
  const reader = new FieldReader(bytes)
  let [subscribe, unsubscribe, initialVersions]: [RepeatedNames?, RepeatedNames?, Map<string, string>?] = []
  const request = { node: noBytes, typeUrl: '', nonce: '', refusal: undefined as string | undefined }
  while (reader.next()) {
    switch (reader.number) {
      case 1: request.node = reader.message(); break
      case 2: request.typeUrl = reader.text(); break
      case 3: (subscribe ??= new RepeatedNames([])).take(reader); break
      case 4: (unsubscribe ??= new RepeatedNames([])).take(reader); break
      case 5: (initialVersions ??= new Map()).set(...mapEntry(reader.message())); break
      case 6: request.nonce = reader.text(); break
      case 7: request.refusal = statusMessage(reader.message()); break
    }
  }
  return { ...request, subscribe: subscribe?.list() ?? noNames, unsubscribe: unsubscribe?.list() ?? noNames, initialVersions: initialVersions ?? noVersions }
}

/** A repeated field of names, while it is read. Encoders put its elements one after the other. */
class RepeatedNames {
  readonly #known: readonly NameList[]
  readonly #parts: Buffer[] = []
  #found: NameList | undefined

  constructor(known: readonly NameList[]) {
    this.#known = known
  }

  /** Takes the current field, and those after it that are known to follow. */
  take(reader: FieldReader): void {
    const { bytes, start } = reader
    const isFirst = this.#found === undefined && this.#parts.length === 0
    const found = isFirst ? this.#known.find(({ encoded }) => isAt(encoded, bytes, start)) : undefined
    this.#found ??= found
    this.#parts.push(bytes.subarray(start, found === undefined ? reader.end : start + found.encoded.length))
    if (found !== undefined) reader.end = start + found.encoded.length
  }

  list(): NameList {
    if (this.#parts.length === 0) return noNames
    return this.#parts.length === 1 && this.#found !== undefined ? this.#found : nameList(Buffer.concat(this.#parts))
  }
}

function isAt(part: Buffer, whole: Buffer, offset: number): boolean {
  const end = offset + part.length
  return part.length > 0 && end <= whole.length && whole.compare(part, 0, part.length, offset, end) === 0
}

/** google.rpc.Status: message 2. What Envoy quotes in it may be anything, so that it is not held to be UTF-8. */
function statusMessage(bytes: Buffer): string {
  const reader = new FieldReader(bytes)
  let message = ''
  while (reader.next()) if (reader.number === 2) message = reader.message().toString()
  return withoutPem(message)
}

/** An entry of a map of strings: key 1, value 2. */
function mapEntry(bytes: Buffer): [key: string, value: string] {
  const reader = new FieldReader(bytes)
  const entry: [string, string] = ['', '']
  while (reader.next()) {
    if (reader.number === 1) entry[0] = reader.text()
    if (reader.number === 2) entry[1] = reader.text()
  }
  return entry
}
