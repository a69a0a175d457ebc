/** The allowed rate of requests. */
export interface Rate {
  /** In the long run, in a second. */
  readonly perSecond: number
  /** At once, after a quiet time. */
  readonly burst: number
}

/** A token bucket: `tokens` at `since`, in milliseconds. */
export interface Bucket {
  readonly tokens: number
  readonly since: number
}

export function fullBucket({ burst }: Rate, now: number): Bucket {
  return { tokens: burst, since: now }
}

/** The bucket without one token; or the milliseconds until there is one. */
export function takeToken(bucket: Bucket, { perSecond, burst }: Rate, now: number): Bucket | number {
  const tokens = Math.min(burst, bucket.tokens + ((now - bucket.since) / 1000) * perSecond)
  return tokens >= 1 ? { tokens: tokens - 1, since: now } : Math.ceil(((1 - tokens) / perSecond) * 1000)
}
