import { FieldReader } from './field-reader.ts'
import { nameList, noNames } from './name-list.ts'
import type { NameList } from './name-list.ts'
import { withoutKeys } from './quoted-keys.ts'

/**
 * The common fields of both kinds of request. `node` stays encoded: stock Envoy repeats its long node in
 * each, and only the first one is used.
 */
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

/**
 * envoy.service.discovery.v3.DeltaDiscoveryRequest as the server reads it; absent fields have their default.
 */
export interface DeltaRequest extends AnyRequest {
  readonly subscribe: NameList
  readonly unsubscribe: NameList
  readonly initialVersions: ReadonlyMap<string, string>
}

/** A request with more names than are allowed; it is not read further. */
export class TooManyNames extends Error {}

export interface RequestBounds {
  /** Names, and as many initial versions. */
  readonly names: number
}

/** Bytes: more than any type URL, nonce or version of ours has. */
const longestToken = 256

/**
 * Bytes of a NACK's message that are read: its beginning, and its end, where Envoy explains the problem after
 * quoting a message.
 */
const [messageStart, messageEnd] = [24 * 1024, 8 * 1024]

const noBytes: Buffer = Buffer.alloc(0)
const noVersions: ReadonlyMap<string, string> = new Map()

/**
 * Throws if the bytes are not such a message, and TooManyNames. A client repeats its names in each request:
 * if they are one of the `known` lists, their bytes are compared instead of decoded.
 */
export function decodeSotwRequest(
  bytes: Uint8Array,
  known: readonly NameList[],
  bounds: RequestBounds,
): SotwRequest {
  const reader = new FieldReader(bytes)
  const names = new RepeatedNames(known, bounds)
  const request = {
    node: noBytes,
    typeUrl: '',
    nonce: '',
    detail: undefined as Buffer | undefined,
    version: '',
  }
  while (reader.next()) {
    switch (reader.number) {
      case 1:
        request.version = reader.textUpTo(longestToken)
        break
      case 2:
        request.node = reader.message()
        break
      case 3:
        names.take(reader)
        break
      case 4:
        request.typeUrl = reader.textUpTo(longestToken)
        break
      case 5:
        request.nonce = reader.textUpTo(longestToken)
        break
      case 6:
        request.detail = reader.message()
        break
    }
  }
  const { detail, ...rest } = request
  return { ...rest, refusal: detail === undefined ? undefined : statusMessage(detail), names: names.list() }
}

/** Throws for bytes that are not such a message, and TooManyNames. */
export function decodeDeltaRequest(bytes: Uint8Array, bounds: RequestBounds): DeltaRequest {
  const reader = new FieldReader(bytes)
  const versions: Buffer[] = []
  let [subscribe, unsubscribe]: [RepeatedNames?, RepeatedNames?] = []
  const request = { node: noBytes, typeUrl: '', nonce: '', detail: undefined as Buffer | undefined }
  while (reader.next()) {
    switch (reader.number) {
      case 1:
        request.node = reader.message()
        break
      case 2:
        request.typeUrl = reader.textUpTo(longestToken)
        break
      case 3:
        ;(subscribe ??= new RepeatedNames([], bounds)).take(reader)
        break
      case 4:
        ;(unsubscribe ??= new RepeatedNames([], bounds)).take(reader)
        break
      case 5:
        if (versions.length >= bounds.names)
          throw new TooManyNames(`more than ${bounds.names} initial_resource_versions in one request`)
        versions.push(reader.message())
        break
      case 6:
        request.nonce = reader.textUpTo(longestToken)
        break
      case 7:
        request.detail = reader.message()
        break
    }
  }
  const { detail, ...rest } = request
  return {
    ...rest,
    refusal: detail === undefined ? undefined : statusMessage(detail),
    subscribe: subscribe?.list() ?? noNames,
    unsubscribe: unsubscribe?.list() ?? noNames,
    initialVersions: versions.length === 0 ? noVersions : new Map(versions.map(mapEntry)),
  }
}

/** A repeated field of names, while it is read. Encoders put its elements one after the other. */
class RepeatedNames {
  readonly #known: readonly NameList[]
  readonly #bounds: RequestBounds
  readonly #parts: Buffer[] = []
  #found: NameList | undefined

  constructor(known: readonly NameList[], bounds: RequestBounds) {
    this.#known = known
    this.#bounds = bounds
  }

  /** Takes the current field, and those after it that are known to follow. */
  take(reader: FieldReader): void {
    const { bytes, start } = reader
    const isFirst = this.#found === undefined && this.#parts.length === 0
    const found = isFirst ? this.#known.find(({ encoded }) => isAt(encoded, bytes, start)) : undefined
    this.#found ??= found
    if (this.#parts.length >= this.#bounds.names)
      throw new TooManyNames(`more than ${this.#bounds.names} resource names in one request`)
    this.#parts.push(bytes.subarray(start, found === undefined ? reader.end : start + found.encoded.length))
    if (found !== undefined) reader.end = start + found.encoded.length
  }

  list(): NameList {
    if (this.#parts.length === 0) return noNames
    return this.#parts.length === 1 && this.#found !== undefined
      ? this.#found
      : nameList(Buffer.concat(this.#parts))
  }
}

function isAt(part: Buffer, whole: Buffer, offset: number): boolean {
  const end = offset + part.length
  return part.length > 0 && end <= whole.length && whole.compare(part, 0, part.length, offset, end) === 0
}

/**
 * google.rpc.Status: message 2. Envoy may quote anything in it, so it need not be UTF-8; the middle of a long
 * one is left out.
 */
function statusMessage(bytes: Buffer): string {
  const reader = new FieldReader(bytes)
  let message: Buffer = noBytes
  while (reader.next()) if (reader.number === 2) message = reader.message()
  if (message.length <= messageStart + messageEnd) return withoutKeys(message.toString())
  const [start, end] = [message.subarray(0, messageStart), message.subarray(message.length - messageEnd)]
  return `${withoutKeys(start.toString())} […] ${withoutKeys(end.toString())}`
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
