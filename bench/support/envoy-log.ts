/**
 * The lines of Envoy's log at level warning and above, without times, and without those that say nothing
 * about its configuration: the lines of every start, and the one about a busy machine that took more than two
 * seconds to answer its first request for runtime.
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
