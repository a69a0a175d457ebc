import type { PlacedManifest } from '../manifest/manifest.ts'
import type { Source, SourceState } from './source.ts'

/** Several sources as one, which has started when all have. Of an object in two of them the first source's counts. */
export function joinSources(sources: readonly Source[]): Source {
  const states = new Map<Source, SourceState>()
  let listener: ((state: SourceState) => void) | undefined
  const accept = (source: Source, state: SourceState): void => {
    states.set(source, state)
    // Changes before `start` has resolved are in its state.
    if (states.size === sources.length) listener?.(joined(sources, states))
  }
  return {
    async start() {
      await Promise.all(sources.map(async (source) => {
        const state = await source.start()
        states.set(source, states.get(source) ?? state)
      }))
      return joined(sources, states)
    },
    onChange(listening) {
      listener = listening
      for (const source of sources) source.onChange((state) => { accept(source, state) })
    },
    async close() {
      await Promise.all(sources.map((source) => source.close()))
    },
  }
}

function joined(sources: readonly Source[], states: ReadonlyMap<Source, SourceState>): SourceState {
  const parts = sources.flatMap((source) => states.get(source) ?? [])
  const manifests = new Map<string, PlacedManifest>()
  for (const part of parts.toReversed()) for (const [key, located] of part.manifests) manifests.set(key, located)
  const outages = parts.flatMap(({ outage }) => outage ?? [])
  return { manifests, diagnostics: parts.flatMap(({ diagnostics }) => diagnostics), outage: outages.length === 0 ? undefined : outages.join('; ') }
}
