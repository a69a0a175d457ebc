import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { allResources, applyEdit, configuration, edits, pipelineOf, runs } from './universe.ts'

describe('the pipeline', () => {
  test('gives after any edits the bytes that it gives from scratch', () => {
    fc.assert(
      fc.property(configuration, fc.array(edits, { minLength: 1, maxLength: 4 }), (initial, bursts) => {
        const manifests = new Map(initial)
        const pipeline = pipelineOf(manifests.values())
        for (const burst of bursts) {
          for (const edit of burst) applyEdit(pipeline, manifests, edit)
          pipeline.flush()
        }
        expect(allResources(pipeline)).toEqual(allResources(pipelineOf(manifests.values())))
      }),
      runs,
    )
  })

  test('gives the same bytes in whatever order the objects arrive', () => {
    const shuffled = configuration.chain((manifests) =>
      fc.tuple(
        fc.constant(manifests),
        fc.shuffledSubarray([...manifests.values()], { minLength: manifests.size }),
      ),
    )
    fc.assert(
      fc.property(shuffled, ([manifests, arrived]) => {
        expect(allResources(pipelineOf(arrived))).toEqual(allResources(pipelineOf(manifests.values())))
      }),
      runs,
    )
  })

  test('does nothing for an object that is set to what it was', () => {
    fc.assert(
      fc.property(configuration, (manifests) => {
        const pipeline = pipelineOf(manifests.values())
        for (const [key, manifest] of manifests) pipeline.setManifest(key, structuredClone(manifest))
        const report = pipeline.flush()
        expect(
          [...report.changed.values()].map((keys) => keys.size).reduce((sum, each) => sum + each, 0),
        ).toBe(0)
        expect(report.runs.get('translate') ?? 0).toBe(0)
      }),
      runs,
    )
  })
})
