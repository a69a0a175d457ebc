import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isRecord } from '../../src/manifest/message.ts'
import { configure } from '../support/configuration.ts'

type Fields = Record<string, unknown>

/** A number that replaces the share wherever it was written, in percent. */
const written = 5

const shareName = fc.constantFrom(
  'mirrorPercentage',
  'mirror_percentage',
  'mirrorPercent',
  'percentage',
  'percent',
  'weight',
  'mirorPercentage',
  'mirrorPercentag',
  'percentages',
  'mirrorpercentage',
  'mirrorPercents',
)
const share = fc.constantFrom<unknown>(
  { value: written },
  written,
  String(written),
  { percent: written },
  { value: 1000 },
)
const mirrorHost = fc.constantFrom(
  'shadow',
  'shadw',
  'shop',
  'shopp',
  'sho',
  'shadow.default',
  'shop.other',
  'nothing',
)
const subset = fc.constantFrom<string | undefined>(undefined, 'v1', 'v2', 'v3')
const port = fc.constantFrom<number | undefined>(undefined, 80, 81)

interface Rendered {
  /** Fields of the rule, as somebody wrote them. */
  readonly rule: Fields
  /**
   * Whether the mirror already goes to the destination of the route as written: then the hint is not at
   * fault.
   */
  readonly namesItself: boolean
  /** Parts per million. */
  readonly share: number
}

const ruleWithMirror: fc.Arbitrary<Rendered> = fc
  .record({
    form: fc.constantFrom(
      'mirror',
      'mirror with destination',
      'mirror as a list',
      'mirrors',
      'mirrors without destination',
      'mirrors as an object',
    ),
    place: fc.constantFrom('rule', 'mirror', 'destination', 'route', 'route destination'),
    shareName,
    share,
    host: mirrorHost,
    subset,
    port,
  })
  .map(({ form, place, shareName: name, share: value, ...target }) => {
    // A weight in a route is the route's own.
    const isWeight = name === 'weight' && place.startsWith('route')
    const shareAt = (where: string): Fields => (place === where && !isWeight ? { [name]: value } : {})
    const destination = {
      host: target.host,
      ...(target.subset === undefined ? {} : { subset: target.subset }),
      ...(target.port === undefined ? {} : { port: { number: target.port } }),
      ...shareAt('destination'),
    }
    const entry = { destination, ...shareAt('mirror') }
    const flat = { ...destination, ...shareAt('mirror') }
    const mirrors: Readonly<Record<string, Fields>> = {
      mirror: { mirror: flat },
      'mirror with destination': { mirror: entry },
      'mirror as a list': { mirror: [entry] },
      mirrors: { mirrors: [entry] },
      'mirrors without destination': { mirrors: [flat] },
      'mirrors as an object': { mirrors: entry },
    }
    const route = {
      destination: { host: 'shop', subset: 'v1', ...shareAt('route destination') },
      ...shareAt('route'),
    }
    return {
      rule: { route: [route], ...mirrors[form], ...shareAt('rule') },
      namesItself: target.host === 'shop' && target.subset === 'v1',
      share: isWeight ? 1_000_000 : written * 10_000,
    }
  })

/** Objects around the rule: two hosts that a mirror may mean. */
function around(rule: Fields): string {
  const object = (kind: string, name: string, spec: unknown): string =>
    JSON.stringify({
      apiVersion: kind === 'Service' ? 'v1' : 'networking.istio.io/v1',
      kind,
      metadata: { name },
      spec,
    })
  return [
    object('VirtualService', 'shop', { hosts: ['shop'], http: [rule] }),
    ...['shop', 'shadow'].flatMap((host) => [
      object('Service', host, { ports: [{ name: 'http', port: 80 }] }),
      object('DestinationRule', host, {
        host,
        subsets: ['v1', 'v2'].map((name) => ({ name, labels: { version: name } })),
      }),
    ]),
  ].join('\n---\n')
}

interface Found {
  readonly hint: string
  /** From the rule. */
  readonly path: readonly (string | number)[]
  readonly part: 'key' | 'value'
}

interface Outcome {
  readonly hints: readonly Found[]
  readonly mirrors: readonly {
    readonly host: string
    readonly subset: string | undefined
    readonly millionths: number
  }[]
}

function outcomeOf(rule: Fields): Outcome {
  const { pipeline } = configure(around(rule))
  const diagnostics = pipeline.read.entries(pipeline.findings).flatMap(([, each]) => each)
  const tables = pipeline.read.entries(pipeline.model.tables).map(([, table]) => table)
  return {
    hints: diagnostics.flatMap(({ hint, origin }) =>
      hint === undefined || origin?.object.kind !== 'VirtualService'
        ? []
        : [{ hint, path: origin.path.slice(3), part: origin.part ?? 'value' }],
    ),
    mirrors: tables
      .flatMap(({ routes }) => routes)
      .flatMap(({ action }) => (action.kind === 'forward' ? action.mirrors : []))
      .map(({ backend, fraction }) => ({ host: backend.host, subset: backend.subset, millionths: fraction })),
  }
}

/** Hints that name no edit: they say what there is, or what to decide. */
const advice =
  /^(the fields here are |write value: |write the value;|write a percentage from|let only |to bound them|compare the labels|start its workload|the smallest share|join the rules|remove one of|write "|write .* without quotes|name the destination in mirror$|move the destination of mirror)/

/**
 * The rules that come of doing what a hint says; undefined for a hint of a form that is not known here, which
 * fails the test.
 */
function applied(rule: Fields, { hint, path }: Found): readonly Fields[] | undefined {
  if (advice.test(hint)) return []
  const key = String(path.at(-1))
  const above = path.slice(0, -1)
  const value = at(rule, path)
  const renamed = /^did you mean `(\w+)`\?$/.exec(hint)?.[1]
  if (renamed !== undefined)
    return [edited(rule, above, (owner) => ({ ...without(owner, key), [renamed]: value }))]
  const host = /^did you mean (\S+)\?$/.exec(hint)?.[1]
  if (host !== undefined) return [edited(rule, above, (owner) => ({ ...owner, host }))]
  const choices = /^(?:it has|there are) (.+)$/.exec(hint)?.[1]
  if (choices !== undefined)
    return choices
      .split(', ')
      .map((each) =>
        edited(rule, above, (owner) => ({ ...owner, [key]: key === 'number' ? Number(each) : each })),
      )
  const inside = /^(\w+) belongs in (\w+)$/.exec(hint)?.[2]
  if (inside !== undefined)
    return [
      edited(rule, above, (owner) => ({
        ...without(owner, key),
        [inside]: inserted(owner[inside], key, value),
      })),
    ]
  const [, beside] = /^\w+ belongs one level up, beside (\w+)$/.exec(hint) ?? []
  if (beside !== undefined) {
    const parent = above.slice(0, above.lastIndexOf(beside))
    return [
      edited(
        edited(rule, above, (owner) => without(owner, key)),
        parent,
        (owner) => ({ ...owner, [key]: value }),
      ),
    ]
  }
  const [, single, besideMirror] =
    /^write mirrorPercentage: \{value: (\S+)\}( beside mirror)?$/.exec(hint) ?? []
  if (single !== undefined) {
    const rest = edited(rule, above, (owner) => without(owner, key))
    return single === '…'
      ? []
      : [
          edited(rest, besideMirror === undefined ? above : [], (owner) => ({
            ...owner,
            mirrorPercentage: { value: Number(single) },
          })),
        ]
  }
  const each = /^write percentage: \{value: (\S+)\} in each entry of mirrors$/.exec(hint)?.[1]
  if (each !== undefined) {
    const { mirrors, ...rest } = edited(rule, above, (owner) => without(owner, key))
    return each === '…'
      ? []
      : [
          {
            ...rest,
            mirrors: (Array.isArray(mirrors) ? mirrors : [mirrors]).map((entry: Fields) => ({
              ...entry,
              percentage: { value: Number(each) },
            })),
          },
        ]
  }
  if (hint === 'write host, subset and port in mirror itself')
    return [edited(rule, above, (owner) => ({ ...without(owner, key), ...(isRecord(value) ? value : {}) }))]
  if (hint === 'write the list in mirrors, each entry with destination and percentage')
    return [{ ...without(rule, 'mirror'), mirrors: withPercentage(value) }]
  if (hint === 'write mirrors as a list, each entry with destination and percentage')
    return [{ ...rule, mirrors: withPercentage([value]) }]
  return undefined
}

/** Each entry gets the percentage that was meant, as the hint says that it has one. */
function withPercentage(entries: unknown): unknown {
  return Array.isArray(entries)
    ? entries.map((entry: Fields) => ({ percentage: { value: written }, ...entry }))
    : entries
}

function at(rule: unknown, path: Found['path']): unknown {
  return path.reduce<unknown>((value, step) => (value as Fields | undefined)?.[step], rule)
}

function without(owner: Fields, key: string): Fields {
  return Object.fromEntries(Object.entries(owner).filter(([name]) => name !== key))
}

function inserted(into: unknown, key: string, value: unknown): unknown {
  if (Array.isArray(into)) return into.map((each) => inserted(each, key, value))
  return { ...(isRecord(into) ? into : {}), [key]: value }
}

function edited(rule: Fields, [step, ...rest]: Found['path'], change: (owner: Fields) => Fields): Fields {
  if (step === undefined) return change(rule)
  const inner = edited((rule as Record<string | number, Fields>)[step] ?? {}, rest, change)
  return Array.isArray(rule)
    ? (rule.map((each: unknown, index) => (index === step ? inner : each)) as unknown as Fields)
    : { ...rule, [step]: inner }
}

/**
 * Does what the hints say, one after the other, until none is left that says what to do; every way to do it.
 */
function ends(rule: Fields, most: number): readonly Fields[] {
  const edits = outcomeOf(rule)
    .hints.map((hint) => {
      const ways = applied(rule, hint)
      expect(ways, `a hint of an unknown form: ${hint.hint}`).toBeDefined()
      return ways ?? []
    })
    .find((ways) => ways.length > 0)
  return most === 0 || edits === undefined ? [rule] : edits.flatMap((edit) => ends(edit, most - 1))
}

const isToItself = ({ host, subset: of }: Outcome['mirrors'][number]): boolean =>
  host.startsWith('shop.default.') && of === 'v1'

test(
  'doing what the hints say never mirrors more than was written, nor to the destination of the route ' +
    'itself',
  () => {
    let done = 0
    fc.assert(
      fc.property(ruleWithMirror, ({ rule, namesItself, share: most }) => {
        for (const end of ends(rule, 12)) {
          if (end === rule) continue
          done += 1
          for (const mirror of outcomeOf(end).mirrors) {
            expect(
              mirror.millionths,
              `${JSON.stringify(rule)} became ${JSON.stringify(end)}`,
            ).toBeLessThanOrEqual(most)
            if (!namesItself)
              expect(isToItself(mirror), `${JSON.stringify(rule)} became ${JSON.stringify(end)}`).toBe(false)
          }
        }
      }),
      { numRuns: 100 },
    )
    expect(done).toBeGreaterThan(50)
  },
)
