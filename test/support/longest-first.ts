import { BaseSequencer } from 'vitest/node'
import type { TestSpecification } from 'vitest/node'

/** The slowest files, slowest first: a worker that began one last would end long after the others. */
const long = [
  'properties/convert',
  'bench/',
  'demo/demo',
  'envoy/restart',
  'envoy/certificates',
  'envoy/',
  'properties/',
  'cli/',
  'protocol/convergence',
  'scenarios/',
  'features/',
].map((part) => `/test/${part}`)

/** Starts the long test files first; the others in the order that Vitest finds best. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => rank(a) - rank(b))
  }
}

function rank({ moduleId }: TestSpecification): number {
  const found = long.findIndex((part) => moduleId.includes(part))
  return found === -1 ? long.length : found
}
