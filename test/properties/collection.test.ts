import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Collection, Fetch } from '../../src/collection/collection.ts'
import { createGraph } from '../../src/collection/graph.ts'
import type { FlushReport, Graph, Input } from '../../src/collection/graph.ts'

/** One node of a random graph; `of` and `and` pick earlier collections, modulo how many there are. */
type Operator =
  | { readonly kind: 'spread' | 'lookup' | 'sum' | 'collide'; readonly of: number; readonly and: number }
  | { readonly kind: 'group' | 'union'; readonly of: number; readonly and: number }

interface Edit {
  readonly input: number
  readonly key: string
  readonly value: number | undefined
}

/** A read: the collection, and the key or (undefined) all of it. */
type Read = readonly [collection: Collection<unknown>, key: string | undefined]
interface Run {
  readonly node: string
  readonly key: string
  readonly reads: readonly Read[]
}

interface Pipeline {
  readonly graph: Graph
  readonly inputs: readonly Input<number>[]
  readonly collections: readonly Collection<unknown>[]
  /** Derived collections, by name, with what each is derived from. */
  readonly inputOf: ReadonlyMap<string, Collection<number>>
  /** Every run of a transform so far, in order. */
  readonly runs: Run[]
}

const keys = ['a', 'b', 'c', 'Z', 'ä', '\u{1F600}', '\u{FF5E}'] as const
const inputCount = 2

const keyAt = (n: number): string => keys[Math.abs(n) % keys.length] ?? keys[0]

/**
 * The outputs of a derived node for a number: few values, so that equal outputs and colliding keys are
 * frequent.
 */
function outputs(
  operator: Operator,
  { n, key, fetch, other }: { n: number; key: string; fetch: Fetch; other: Collection<number> },
): [string, number][] {
  switch (operator.kind) {
    case 'spread':
      return keys.slice(0, n % 4).map((name, index) => [`${name}${key}`, n + index])
    case 'collide':
      return [
        [keyAt(n), n % 2],
        [keyAt(n + 1), n],
      ]
    case 'lookup':
      return [[key, (fetch(other, keyAt(n)) ?? fetch(other, key) ?? -1) % 3]]
    case 'sum':
      return n % 2 === 0
        ? [[key, n]]
        : [[key, fetch.all(other).reduce((sum, [name, value]) => sum * 3 + value + name.length, n) % 7]]
    case 'group':
    case 'union':
      throw new Error('not derived')
  }
}

function recording(fetch: Fetch, reads: Read[]): Fetch {
  return Object.assign(
    <V>(collection: Collection<V>, key: string) => {
      reads.push([collection, key])
      return fetch(collection, key)
    },
    {
      all: <V>(collection: Collection<V>) => {
        reads.push([collection, undefined])
        return fetch.all(collection)
      },
    },
  )
}

function build(operators: readonly Operator[]): Pipeline {
  const graph = createGraph()
  const runs: Run[] = []
  const inputOf = new Map<string, Collection<number>>()
  const inputs = Array.from({ length: inputCount }, (_, index) => graph.input<number>(`input ${index}`))
  const numbers: Collection<number>[] = [...inputs]
  const collections: Collection<unknown>[] = [...inputs]
  const pick = (index: number): Collection<number> =>
    numbers[index % numbers.length] ?? graph.input('unreachable')
  const derive = (
    name: string,
    input: Collection<number>,
    transform: (n: number, fetch: Fetch, key: string) => [string, number][],
  ) => {
    inputOf.set(name, input)
    return graph.derive(name, input, (n, fetch, key) => {
      const reads: Read[] = []
      runs.push({ node: name, key, reads })
      return transform(n, recording(fetch, reads), key)
    })
  }
  const add = (operator: Operator, name: string): Collection<number> => {
    const input = pick(operator.of)
    const other = pick(operator.and)
    if (operator.kind === 'union') return graph.union(name, [input, other])
    if (operator.kind !== 'group')
      return derive(name, input, (n, fetch, key) => outputs(operator, { n, key, fetch, other }))
    const groups = graph.groupBy(`groups of ${name}`, input, (n, key) => [keyAt(n), keyAt(n + key.length)])
    collections.push(groups)
    return derive(name, other, (n, fetch, key) => [
      [key, (fetch(groups, keyAt(n)) ?? []).reduce((sum, member) => sum * 5 + member, 0) % 11],
    ])
  }
  operators.forEach((operator, index) => {
    const collection = add(operator, `${operator.kind} ${index}`)
    numbers.push(collection)
    collections.push(collection)
  })
  return { graph, inputs, collections, inputOf, runs }
}

const contents = ({ graph, collections }: Pipeline) =>
  new Map(collections.map((collection) => [collection.name, graph.entries(collection)]))

function apply({ inputs }: Pipeline, edits: readonly Edit[]): void {
  for (const { input, key, value } of edits) {
    if (value === undefined) inputs[input]?.delete(key)
    else inputs[input]?.set(key, value)
  }
}

/** The edits that lead to the same inputs from nothing, in another order. */
function shuffledInputs({ graph, inputs }: Pipeline, order: readonly number[]): Edit[] {
  const edits = inputs.flatMap((input, index) =>
    graph.entries(input).map(([key, value]) => ({ input: index, key, value })),
  )
  return edits
    .map((edit, index) => ({ edit, rank: order[index % order.length] ?? 0 }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ edit }) => edit)
}

function difference(
  before: ReadonlyMap<string, readonly (readonly [string, unknown])[]>,
  after: typeof before,
): Record<string, string[]> {
  const changes: Record<string, string[]> = {}
  for (const [name, entries] of after) {
    const old = new Map(before.get(name) ?? [])
    const now = new Map(entries)
    const changed = [...new Set([...old.keys(), ...now.keys()])].filter(
      (key) => !isDeepStrictEqual(old.get(key), now.get(key)),
    )
    if (changed.length > 0) changes[name] = changed.sort()
  }
  return changes
}

const changesIn = (report: FlushReport): Record<string, string[]> =>
  Object.fromEntries(
    [...report.changed].map(([collection, changed]) => [collection.name, [...changed].sort()]),
  )

/** The runs that the rule asks for: the item, or something its last run read, has changed. */
function dueRuns({ graph, inputOf }: Pipeline, lastRuns: readonly Run[], report: FlushReport): string[] {
  const has = (collection: Collection<unknown>, key: string | undefined) => {
    const changed = report.changed.get(collection)
    return changed !== undefined && (key === undefined || changed.has(key))
  }
  const reads = new Map(lastRuns.map((run) => [`${run.node}/${run.key}`, run.reads]))
  return [...inputOf]
    .flatMap(([node, input]) =>
      graph
        .entries(input)
        .map(([key]) => key)
        .filter(
          (key) =>
            has(input, key) ||
            (reads.get(`${node}/${key}`) ?? []).some(([collection, read]) => has(collection, read)),
        )
        .map((key) => `${node}/${key}`),
    )
    .sort()
}

const operator: fc.Arbitrary<Operator> = fc.record({
  kind: fc.constantFrom('spread', 'lookup', 'sum', 'collide', 'group', 'union'),
  of: fc.nat(20),
  and: fc.nat(20),
})
const edit: fc.Arbitrary<Edit> = fc.record({
  input: fc.nat(inputCount - 1),
  key: fc.constantFrom(...keys),
  value: fc.option(fc.nat(8), { nil: undefined, freq: 3 }),
})
const operators = fc.array(operator, { minLength: 1, maxLength: 10 })
const batches = fc.array(fc.array(edit, { maxLength: 6 }), { minLength: 1, maxLength: 8 })
const order = fc.array(fc.nat(), { minLength: 1, maxLength: 14 })

describe('a graph of collections', () => {
  test('edited step by step equals one built from scratch, in whatever order the inputs arrive', () => {
    fc.assert(
      fc.property(operators, batches, order, (specification, steps, arrival) => {
        const pipeline = build(specification)
        for (const step of steps) {
          apply(pipeline, step)
          pipeline.graph.flush()
        }
        const scratch = build(specification)
        apply(scratch, shuffledInputs(pipeline, arrival))
        scratch.graph.flush()
        expect(contents(pipeline)).toEqual(contents(scratch))
        expect(pipeline.graph.failures).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  test('reports exactly the keys that differ, and a second flush does nothing', () => {
    fc.assert(
      fc.property(operators, batches, (specification, steps) => {
        const pipeline = build(specification)
        for (const step of steps) {
          const before = contents(pipeline)
          apply(pipeline, step)
          const report = pipeline.graph.flush()
          const after = contents(pipeline)
          expect(changesIn(report)).toEqual(difference(before, after))
          expect(pipeline.graph.flush()).toEqual({ changed: new Map(), runs: new Map() })
          expect(contents(pipeline)).toEqual(after)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('runs a transform for a key once if the item or something it read has changed, else not at all', () => {
    fc.assert(
      fc.property(operators, batches, (specification, steps) => {
        const pipeline = build(specification)
        for (const step of steps) {
          const lastRuns = pipeline.runs.slice()
          apply(pipeline, step)
          const report = pipeline.graph.flush()
          const runs = pipeline.runs.slice(lastRuns.length).map((run) => `${run.node}/${run.key}`)
          expect(runs.sort()).toEqual(dueRuns(pipeline, lastRuns, report))
        }
      }),
      { numRuns: 300 },
    )
  })
})
