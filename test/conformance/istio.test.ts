import { afterAll, describe, expect, test } from 'vitest'
import type { Code } from '../../src/diagnostics/codes.ts'
import type { Diagnostic } from '../../src/diagnostics/diagnostic.ts'
import { adjustments } from './adjustments.ts'
import { outputOf, places } from './output.ts'
import type { Pair } from './pair.ts'
import { many, readPage } from './page.ts'
import { absent, samples } from './peer-data.ts'
import type { Sample } from './peer-data.ts'
import { renderTable } from './table.ts'
import { pipelineOver, translationFor } from './translation.ts'

interface Compared {
  readonly sample: Sample
  /** Places at which we differ from istiod for no documented reason. */
  readonly unexplained: readonly string[]
  /** Ids of the documented differences that show in this sample. */
  readonly shown: readonly string[]
  readonly diagnostics: readonly Diagnostic[]
}

const page = readPage()
const rows = [...page.onPurpose, ...page.notSupported]
const compared: readonly Compared[] = absent === undefined ? await Promise.all(samples().map(compare)) : []

async function compare(sample: Sample): Promise<Compared> {
  const { resources, diagnostics } = translationFor(
    await pipelineOver(sample.input, sample.meshConfig),
    sample.scope,
  )
  const shown: string[] = []
  let pair: Pair = { istiod: sample.istiod(), ours: outputOf(resources) }
  for (const [id, adjust] of Object.entries(adjustments)) {
    const adjusted = adjust(pair, sample)
    if (places(pair.istiod, adjusted.istiod).length > 0 || places(pair.ours, adjusted.ours).length > 0)
      shown.push(id)
    pair = adjusted
  }
  return { sample, unexplained: places(pair.istiod, pair.ours), shown, diagnostics }
}

/** The gaps that cost this sample something that its user wrote. */
function gapsOf({ shown }: Compared): readonly string[] {
  return page.notSupported.filter(({ id, told }) => told && shown.includes(id)).map(({ id }) => id)
}

describe('docs/istio-differences.md', () => {
  test('and the test know the same differences', () => {
    expect(rows.map(({ id }) => id).toSorted()).toEqual(Object.keys(adjustments).toSorted())
  })

  test.skipIf(absent !== undefined).each(rows)(
    '$id shows in the cases that the page lists, and in no others',
    ({ id, cases }) => {
      const found = [
        ...new Set(compared.filter(({ shown }) => shown.includes(id)).map(({ sample }) => sample.number)),
      ]
      expect(found.length > many ? 'many' : found).toEqual(cases)
    },
  )
})

describe.skipIf(absent !== undefined)(
  'a proxy gets what istiod gives it, but for the documented differences',
  () => {
    test.for(compared)('$sample.name', (each, { skip }) => {
      expect(each.unexplained).toEqual([])
      const gaps = gapsOf(each)
      skip(gaps.length > 0, `not supported yet: ${gaps.join(', ')}; the rest is as it should be`)
    })
  },
)

const refusing: readonly Code[] = [
  'field/unknown',
  'field/wrong-type',
  'field/invalid-value',
  'field/required',
  'annotation/invalid',
  'mirror/percentage-out-of-range',
  'mirror/mirror-and-mirrors',
]

describe.skipIf(absent !== undefined)(
  "the objects that are refused are those that Istio's validation refuses",
  () => {
    test.each(compared.filter((each) => gapsOf(each).length === 0))(
      '$sample.name',
      ({ sample, diagnostics }) => {
        const refused = diagnostics
          .filter(({ code }) => refusing.includes(code))
          .map(({ origin }) => origin?.object)
          .map((object) => `${object?.kind} ${object?.namespace}/${object?.name}`)
        expect([...new Set(refused)]).toEqual(
          sample.refusals.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`),
        )
      },
    )
  },
)

const groups: readonly (readonly [from: number, name: string])[] = [
  [0, 'mirror fields'],
  [50, 'mirror targets'],
  [70, 'mirrors beside other fields'],
  [90, 'matches and order'],
  [110, 'gateways, several VirtualServices'],
  [120, 'delegates'],
  [130, 'visibility and host names'],
  [150, 'services and defaults'],
  [160, 'more of the above'],
]

const everywhere = new Set(rows.filter(({ cases }) => cases === 'many').map(({ id }) => id))

function verdict(each: Compared): string {
  if (each.unexplained.length > 0) return 'differs'
  if (gapsOf(each).length > 0) return 'not supported yet'
  return each.shown.every((id) => everywhere.has(id)) ? 'as istiod' : 'as the page says'
}

afterAll(() => {
  if (absent !== undefined) {
    console.warn(`skipped: ${absent}`)
    return
  }
  const verdicts = ['as istiod', 'as the page says', 'not supported yet', 'differs']
  const lines = groups.map(([from, name], index) => {
    const members = compared.filter(
      ({ sample }) =>
        Number(sample.number) >= from && Number(sample.number) < (groups[index + 1]?.[0] ?? Infinity),
    )
    return [
      name,
      ...verdicts.map((wanted) => String(members.filter((each) => verdict(each) === wanted).length)),
    ]
  })
  console.log(renderTable(['proxies of cases', ...verdicts], lines))
})
