/** What Envoy logged at level warning and above, without times, and without what it logs at every start, whatever its configuration. */
export function warningsIn(log: string): readonly string[] {
  return log.split('\n').filter((line) => /\]\[(warning|error|critical)\]/.test(line)).map((line) => line.replace(/^\[[^\]]*\]\[\d+\]/, ''))
    .filter((line) => !line.includes(unlimitedConnections))
}

const unlimitedConnections = 'There is no configured limit to the number of allowed active downstream connections'
