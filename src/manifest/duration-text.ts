const nanoseconds: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
}
/**
 * The longest time that Envoy can hold in nanoseconds, 292 years. A protobuf Duration can be longer
 * (google/protobuf/duration.proto), and Envoy rejects it.
 */
const maxMilliseconds = 9_223_372_036_000

/**
 * Parses a duration of ProtoJSON or Go (`1.5s`, `100ms`, `1h30m`) into milliseconds; undefined if it is not a
 * duration, or longer than Envoy's longest.
 */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0
  if (!/^\+?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(text)) return undefined
  let total = 0
  for (const [, amount, unit] of text.matchAll(/([\d.]+)([a-zµμ]+)/g))
    total += Number(amount) * (nanoseconds[unit ?? ''] ?? NaN)
  const milliseconds = Math.round(total) / 1e6
  return milliseconds > maxMilliseconds ? undefined : milliseconds
}
