import { describe, expect, test } from 'vitest'
import { parseManifests } from '../../src/manifest/yaml.ts'
import { joinSources } from '../../src/sources/joined-sources.ts'
import { createOverlaySource } from '../../src/sources/overlay-source.ts'
import type { OverlayObject } from '../../src/sources/overlay-source.ts'
import type { Source, SourceState } from '../../src/sources/source.ts'
import { objectKey } from '../../src/diagnostics/diagnostic.ts'

function tap(name: string, host = 'a'): OverlayObject {
  return {
    apiVersion: 'shadowplane.io/v1alpha1',
    kind: 'Tap',
    metadata: { namespace: 'default', name },
    spec: { host, recorder: { address: '127.0.0.1', port: 1 } },
  }
}

function names({ manifests }: SourceState): readonly string[] {
  return [...manifests.values()].map(({ manifest }) => manifest.id.name)
}

describe('an overlay', () => {
  test('holds what is set until it is deleted, with the place of each field', async () => {
    const overlay = createOverlaySource()
    expect(names(await overlay.start())).toEqual([])
    const states: SourceState[] = []
    overlay.onChange((each) => states.push(each))
    const id = overlay.set(tap('one'))
    overlay.set(tap('two'))
    expect(id).toEqual({ group: 'shadowplane.io', kind: 'Tap', namespace: 'default', name: 'one' })
    expect(states.map(names)).toEqual([['one'], ['one', 'two']])
    expect(states[0]?.manifests.get(objectKey(id))?.locate(['spec', 'host'])).toMatchObject({
      file: '<Tap one>',
      line: 7,
      column: 9,
      text: '  host: a',
    })
    overlay.delete(id)
    overlay.delete(id)
    expect(states.map(names)).toEqual([['one'], ['one', 'two'], ['two']])
    await overlay.close()
    overlay.set(tap('three'))
    expect(states.length).toBe(3)
  })
})

/** A source that a test drives. */
function driven(first: SourceState): Source & { change(state: SourceState): void } {
  let listener: ((state: SourceState) => void) | undefined
  return {
    start: () => Promise.resolve(first),
    onChange: (listening) => {
      listener = listening
    },
    close: () => Promise.resolve(),
    change: (next) => listener?.(next),
  }
}

function state(services: readonly string[], outage?: string): SourceState {
  const parsed = services.flatMap(
    (name) =>
      parseManifests(
        `${name}.yaml`,
        `{apiVersion: v1, kind: Service, metadata: {name: ${name.replace(/\d/, '')}}}`,
      ).manifests,
  )
  return {
    manifests: new Map(parsed.map((each) => [objectKey(each.manifest.id), each])),
    diagnostics: [],
    outage,
  }
}

describe('joined sources', () => {
  test('are one state, in which the first source that has an object counts', async () => {
    const [a, b] = [driven(state(['x', 'y'])), driven(state(['y2', 'z']))]
    const joined = joinSources([a, b])
    const states: SourceState[] = []
    joined.onChange((each) => states.push(each))
    const start = await joined.start()
    expect(names(start).toSorted()).toEqual(['x', 'y', 'z'])
    const files = (each: SourceState | undefined): readonly string[] =>
      [...(each?.manifests.values() ?? [])].map(({ locate }) => locate(['kind'])?.file ?? '').toSorted()
    expect(files(start)).toEqual(['x.yaml', 'y.yaml', 'z.yaml'])
    a.change(state(['x'], 'no disk'))
    expect(files(states.at(-1))).toEqual(['x.yaml', 'y2.yaml', 'z.yaml'])
    b.change(state([], 'no network'))
    expect(states.at(-1)?.outage).toBe('no disk; no network')
  })

  test('what changes before all have started is in the first state', async () => {
    const [a, b] = [driven(state(['x'])), driven(state(['y']))]
    const joined = joinSources([a, b])
    const states: SourceState[] = []
    joined.onChange((each) => states.push(each))
    b.change(state(['z']))
    expect(states).toEqual([])
    expect(names(await joined.start()).toSorted()).toEqual(['x', 'z'])
  })
})
