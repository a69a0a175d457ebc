import { expect, test } from 'vitest'
import { parseManifests } from '../../src/manifest/yaml.ts'
import type { PlacedManifest } from '../../src/manifest/manifest.ts'
import { joinSources } from '../../src/sources/joined-sources.ts'
import type { Source, SourceState } from '../../src/sources/source.ts'

function placed(mark: string): PlacedManifest {
  const [manifest] = parseManifests(
    mark,
    `apiVersion: v1\nkind: Service\nmetadata: {name: shop, labels: {mark: ${mark}}}\n`,
  ).manifests
  if (manifest === undefined) throw new Error('no manifest')
  return manifest
}

function state(
  manifests: Readonly<Record<string, PlacedManifest>>,
  changed?: readonly string[],
): SourceState {
  return {
    manifests: new Map(Object.entries(manifests)),
    diagnostics: [],
    outage: undefined,
    ...(changed === undefined ? {} : { changed: new Set(changed) }),
  }
}

/** A source that a test controls. */
function scripted(first: SourceState): Source & { tell(next: SourceState): void } {
  let listener: ((next: SourceState) => void) | undefined
  return {
    start: () => Promise.resolve(first),
    onChange: (listening) => {
      listener = listening
    },
    close: () => Promise.resolve(),
    tell: (next) => {
      listener?.(next)
    },
  }
}

test('of an object in two sources the first one counts, also when it comes and goes', async () => {
  const [files, cluster] = [
    scripted(state({ a: placed('files') })),
    scripted(state({ a: placed('cluster'), b: placed('cluster') })),
  ]
  const source = joinSources([files, cluster])
  const told: SourceState[] = []
  source.onChange((next) => {
    told.push(next)
  })
  const marks = ({ manifests }: SourceState): unknown =>
    Object.fromEntries([...manifests].map(([key, { manifest }]) => [key, manifest.labels['mark']]))
  const first = await source.start()
  expect(marks(first)).toEqual({ a: 'files', b: 'cluster' })
  files.tell(state({}))
  cluster.tell(state({ a: placed('newer'), c: placed('newer') }, ['a', 'b', 'c']))
  files.tell(state({ a: placed('files') }, ['a']))
  cluster.tell(state({ c: placed('newer') }, ['a']))
  expect(told.map(marks)).toEqual([
    { a: 'cluster', b: 'cluster' },
    { a: 'newer', c: 'newer' },
    { a: 'files', c: 'newer' },
    { a: 'files', c: 'newer' },
  ])
  expect(told.map(({ changed }) => [...(changed ?? [])])).toEqual([['a'], ['a', 'b', 'c'], ['a'], ['a']])
  expect(marks(first)).toEqual({ a: 'files', b: 'cluster' })
})
