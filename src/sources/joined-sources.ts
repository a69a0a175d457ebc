import type { PlacedManifest } from '../manifest/manifest.ts'
import { LayeredMap } from './layered-map.ts'
import type { Source, SourceState } from './source.ts'

/**
 * Joins several sources into one, which has started when all have. If two of them have the same object, the
 * first source wins.
 */
export function joinSources(sources: readonly Source[]): Source {
  const states = new Map<Source, SourceState>()
  let manifests: LayeredMap<PlacedManifest> = LayeredMap.over(new Map())
  let started = false
  let listener: ((state: SourceState) => void) | undefined
  const parts = (): readonly SourceState[] => sources.flatMap((source) => states.get(source) ?? [])
  const accept = (source: Source, state: SourceState): void => {
    const before = states.get(source)
    states.set(source, state)
    // Changes before `start` has resolved are in its state.
    if (!started) return
    const changed = state.changed ?? new Set([...(before?.manifests.keys() ?? []), ...state.manifests.keys()])
    manifests = manifests.with(new Map([...changed].map((key) => [key, firstOf(parts(), key)])))
    listener?.({ ...joined(parts(), manifests), changed })
  }
  return {
    async start() {
      await Promise.all(
        sources.map(async (source) => {
          const state = await source.start()
          states.set(source, states.get(source) ?? state)
        }),
      )
      manifests = LayeredMap.over(
        new Map(
          parts()
            .toReversed()
            .flatMap((part) => [...part.manifests]),
        ),
      )
      started = true
      return joined(parts(), manifests)
    },
    onChange(listening) {
      listener = listening
      for (const source of sources)
        source.onChange((state) => {
          accept(source, state)
        })
    },
    async close() {
      await Promise.all(sources.map((source) => source.close()))
    },
  }
}

function firstOf(parts: readonly SourceState[], key: string): PlacedManifest | undefined {
  return parts.find(({ manifests }) => manifests.has(key))?.manifests.get(key)
}

function joined(parts: readonly SourceState[], manifests: ReadonlyMap<string, PlacedManifest>): SourceState {
  const outages = parts.flatMap(({ outage }) => outage ?? [])
  return {
    manifests,
    diagnostics: parts.flatMap(({ diagnostics }) => diagnostics),
    outage: outages.length === 0 ? undefined : outages.join('; '),
  }
}
