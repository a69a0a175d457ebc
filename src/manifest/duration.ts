import { z } from 'zod'

const nanoseconds: Readonly<Record<string, number>> = { ns: 1, us: 1e3, 'µs': 1e3, 'μs': 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 }
/** What Envoy can count in nanoseconds, 292 years; a protobuf Duration holds more (google/protobuf/duration.proto), and Envoy refuses it. */
const maxMilliseconds = 9_223_372_036_000

/** A duration as ProtoJSON and Go write it (`1.5s`, `100ms`, `1h30m`), in milliseconds; never negative. */
export const durationSchema = z.string().transform((text, ctx): number => {
  const milliseconds = parseDuration(text)
  if (milliseconds !== undefined && milliseconds <= maxMilliseconds) return milliseconds
  const bare = /^\d+(\.\d+)?$/.test(text)
  ctx.addIssue({
    code: 'custom',
    message: 'must be a duration that is not negative, such as 1.5s, 100ms or 1h',
    params: bare ? { hint: `write ${text}s for seconds or ${text}ms for milliseconds` } : {},
  })
  return z.NEVER
})

function parseDuration(text: string): number | undefined {
  if (text === '0') return 0
  if (!/^\+?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(text)) return undefined
  let total = 0
  for (const [, amount, unit] of text.matchAll(/([\d.]+)([a-zµμ]+)/g)) total += Number(amount) * (nanoseconds[unit ?? ''] ?? NaN)
  return Math.round(total) / 1e6
}
