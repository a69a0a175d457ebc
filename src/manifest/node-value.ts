import { isAlias, isMap, isScalar, isSeq } from 'yaml'
import type { Node, Pair, YAMLMap } from 'yaml'
import type { FieldPath } from '../diagnostics/diagnostic.ts'
import { losesDigits } from './exact-number.ts'
import type { Json, JsonObject } from './manifest.ts'

/**
 * The most nodes that all aliases of one document may expand to: far above real files, far below a "billion
 * laughs".
 */
const maxAliasedNodes = 100_000
const maxDepth = 200

/** A document that is YAML, but not a JSON value; `offset` is relative to the text of the document. */
export class UnreadableNode extends Error {
  readonly offset: number
  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}

export interface NodeValue {
  readonly value: Json
  /** The numbers with more digits than a double holds. */
  readonly exactNumbers: readonly { readonly path: FieldPath; readonly text: string }[]
}

/** The JSON value of a YAML node, with aliases and merge keys (`<<`) resolved. Throws UnreadableNode. */
export function nodeValue(root: Node | null): NodeValue {
  const reading = new Reading()
  return { value: reading.read(root, []), exactNumbers: reading.exactNumbers }
}

/** The plain key `<<` (YAML's merge type); quoted it is a name like any other. */
export function isMergeKey(pair: Pair): boolean {
  return isScalar(pair.key) && pair.key.value === '<<' && pair.key.type === 'PLAIN'
}

/** One walk over a document, in its order, so that an anchor is known before its aliases. */
class Reading {
  readonly exactNumbers: { path: FieldPath; text: string }[] = []
  readonly #anchors = new Map<string, Node>()
  readonly #open = new Set<Node>()
  #aliasDepth = 0
  #aliased = 0

  read(node: unknown, path: FieldPath): Json {
    if (path.length > maxDepth)
      throw new UnreadableNode(`nested more than ${maxDepth} levels deep`, offsetOf(node))
    if (this.#aliasDepth > 0 && ++this.#aliased > maxAliasedNodes) {
      throw new UnreadableNode(`aliases expand to more than ${maxAliasedNodes} values`, offsetOf(node))
    }
    if (isAlias(node)) return this.#follow(node, (target) => this.read(target, path))
    if ((isMap(node) || isSeq(node) || isScalar(node)) && node.anchor !== undefined)
      this.#anchors.set(node.anchor, node)
    if (isMap(node)) return this.#within(node, () => this.#readMap(node, path))
    if (isSeq(node))
      return this.#within(node, () => node.items.map((item, index) => this.read(item, [...path, index])))
    if (!isScalar(node)) return null
    if (typeof node.value === 'number' && node.source !== undefined && losesDigits(node.source, node.value)) {
      this.exactNumbers.push({ path, text: node.source })
    }
    return scalar(node.value)
  }

  #readMap(map: YAMLMap, path: FieldPath): JsonObject {
    const entries = new Map<string, Json>()
    const merges: Pair[] = []
    for (const pair of map.items) {
      if (isMergeKey(pair)) {
        merges.push(pair)
        continue
      }
      const key = keyText(pair.key)
      if (entries.has(key)) throw new UnreadableNode('Map keys must be unique', offsetOf(pair.key))
      entries.set(key, this.read(pair.value, [...path, key]))
    }
    for (const pair of merges) {
      for (const [key, value] of this.#merged(pair.value, path))
        if (!entries.has(key)) entries.set(key, value)
    }
    return Object.fromEntries(entries)
  }

  #merged(node: unknown, path: FieldPath): readonly (readonly [string, Json])[] {
    if (isAlias(node)) return this.#follow(node, (target) => this.#merged(target, path))
    if (isMap(node)) return Object.entries(this.#within(node, () => this.#readMap(node, path)))
    if (isSeq(node)) return this.#within(node, () => node.items.flatMap((item) => this.#merged(item, path)))
    throw new UnreadableNode('the merge key << takes a mapping or a list of mappings', offsetOf(node))
  }

  #follow<T>(alias: { readonly source: string }, read: (target: Node) => T): T {
    const target = this.#anchors.get(alias.source)
    if (target === undefined)
      throw new UnreadableNode(
        `the alias *${alias.source} has no anchor &${alias.source} before it`,
        offsetOf(alias),
      )
    if (this.#open.has(target))
      throw new UnreadableNode(`the alias *${alias.source} is inside its own anchor`, offsetOf(alias))
    this.#aliasDepth++
    try {
      return read(target)
    } finally {
      this.#aliasDepth--
    }
  }

  #within<T>(node: Node, read: () => T): T {
    this.#open.add(node)
    try {
      return read()
    } finally {
      this.#open.delete(node)
    }
  }
}

function keyText(key: unknown): string {
  if (
    isScalar(key) &&
    (typeof key.value === 'string' || typeof key.value === 'number' || typeof key.value === 'boolean')
  )
    return String(key.value)
  throw new UnreadableNode('the key of a mapping must be a string', offsetOf(key))
}

function scalar(value: unknown): Json {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null
}

function offsetOf(node: unknown): number {
  const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : 0
}
