/** Requests that are sent to count a share of them. */
export const counted = 2_000

/**
 * A mirror's cluster takes 128 requests that wait, and drops the rest: on a busy machine more would wait if
 * all were sent at once.
 */
const atOnce = 200

/**
 * Sends all of them, some at a time: `send` resolves when the last copy of its requests has been answered.
 */
export async function sendCounted(send: (requests: number) => Promise<void>): Promise<void> {
  for (let sent = 0; sent < counted; sent += atOnce) await send(atOnce)
}

/** Three standard deviations of the binomial distribution. */
export function tolerance(requests: number, share: number): number {
  return 3 * Math.sqrt(requests * share * (1 - share))
}

/** Chance leaves three standard deviations once in 370 times: of several counts one has to be within them. */
export const tries = 3

/**
 * Counts until a count is within three standard deviations of the share, at most `tries` times; all counts,
 * the last of which decides.
 */
export async function countsOfShare(
  share: number,
  count: () => Promise<number>,
): Promise<{ readonly counts: readonly number[]; readonly held: boolean }> {
  const counts: number[] = []
  while (counts.length < tries) {
    const found = await count()
    counts.push(found)
    if (Math.abs(found - counted * share) <= tolerance(counted, share)) return { counts, held: true }
  }
  return { counts, held: false }
}
