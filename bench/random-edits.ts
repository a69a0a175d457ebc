/**
 * 10,000 random edits, the bytes compared with a build from scratch after each burst: `node
 * bench/random-edits.ts [--edits N] [--seed N]`.
 */
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { objectKey } from '../src/diagnostics/diagnostic.ts'
import type { Manifest } from '../src/manifest/manifest.ts'
import {
  allResources,
  applyEdit,
  broken,
  edits,
  groundwork,
  pipelineOf,
} from '../test/properties/universe.ts'
import type { Edit } from '../test/properties/universe.ts'

const { values } = parseArgs({
  options: { edits: { type: 'string', default: '10000' }, seed: { type: 'string', default: '20261120' } },
})
const wanted = Number(values.edits)
const seed = Number(values.seed)
/** One edit of an existing object in so many is refused. */
const refusedShare = 10

const bursts = fc.sample(edits, { seed, numRuns: wanted })
const accepted = new Map<string, Manifest>(groundwork.map((manifest) => [objectKey(manifest.id), manifest]))
const pipeline = pipelineOf(accepted.values())
const counts = { edits: 0, refused: 0, bursts: 0, comparisons: 0, orders: 0 }

for (const burst of bursts) {
  if (counts.edits >= wanted) break
  for (const edit of burst.slice(0, wanted - counts.edits)) apply(edit)
  pipeline.flush()
  counts.bursts += 1
  compare(accepted.values(), 'from scratch')
  counts.comparisons += 1
  if (counts.bursts % 10 === 0) {
    compare([...accepted.values()].toReversed(), 'in the opposite order of arrival')
    counts.orders += 1
  }
}
process.stdout.write(
  `${counts.edits} edits (${counts.refused} of them refused) in ${counts.bursts} bursts, seed ` +
    `${seed}; ${accepted.size} objects at the end
${counts.comparisons} times compared with a build from scratch, ${counts.orders} times with one in the ` +
    `opposite order of arrival: every byte equal\n`,
)

function apply(edit: Edit): void {
  counts.edits += 1
  const known = edit.kind === 'set' ? accepted.get(objectKey(edit.manifest.id)) : undefined
  if (known === undefined || known.id.kind === 'Pod' || counts.edits % refusedShare !== 0) {
    applyEdit(pipeline, accepted, edit)
    return
  }
  // The last accepted version stays in force, and is the input of the build from scratch: so it must have
  // been in force.
  pipeline.flush()
  pipeline.setManifest(objectKey(known.id), broken(known))
  counts.refused += 1
}

function compare(manifests: Iterable<Manifest>, how: string): void {
  const scratch = allResources(pipelineOf(manifests))
  const incremental = allResources(pipeline)
  const different = [...new Set([...scratch, ...incremental])].filter(
    (each) => scratch.includes(each) !== incremental.includes(each),
  )
  if (different.length === 0) return
  process.stderr.write(
    `seed ${seed}, edit ${counts.edits}: the bytes differ from those of a build ` +
      `${how}:\n${different.join('\n')}\n`,
  )
  process.exit(1)
}
