/**
 * What Envoy logged at level warning and above, without times, and without what says nothing about its
 * configuration: what it logs at every start, and that a busy machine took more than two seconds to answer
 * its first request for runtime.
 */
export function warningsIn(log: string): readonly string[] {
  return log
    .split('\n')
    .filter((line) => /\]\[(warning|error|critical)\]/.test(line))
    .map((line) => line.replace(/^\[[^\]]*\]\[\d+\]/, ''))
    .filter((line) => !unrelated.some((words) => line.includes(words)))
}

const unrelated = [
  'There is no configured limit to the number of allowed active downstream connections',
  'initial fetch timed out for type.googleapis.com/envoy.service.runtime.v3.Runtime',
]
