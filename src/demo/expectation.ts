import type { Tally } from './tally.ts'

/** Something that had to come true. */
export interface Expectation {
  readonly what: string
  readonly held: boolean
  /** The observed value. */
  readonly found: string
}

/** How many copies there may be: the mean and four standard deviations of the binomial distribution. */
export function copyBounds(
  requests: number,
  share: number,
): { readonly mean: number; readonly tolerance: number } {
  return { mean: requests * share, tolerance: 4 * Math.sqrt(requests * share * (1 - share)) }
}

/** The expectations of every step, for requests that were all sent while `share` was in force. */
export function stepExpectations(title: string, tally: Tally, share: number): readonly Expectation[] {
  const { mean, tolerance } = copyBounds(tally.sent, share)
  return [
    {
      what:
        `${title}: copies within four standard deviations of ${mean.toFixed(0)} (± ` +
        `${tolerance.toFixed(0)})`,
      held: tally.sent > 0 && Math.abs(tally.copies - mean) <= tolerance,
      found: `${tally.copies} copies of ${tally.sent} requests`,
    },
  ]
}

/** The expectations for all requests of the demo together, including those sent in the middle of an edit. */
export function overallExpectations(
  tally: Tally,
  production: string,
  copyHost: string,
): readonly Expectation[] {
  return [
    {
      what: `every answer is a 200 from ${production}`,
      held: tally.failed === 0 && tally.answered === tally.sent,
      found:
        tally.failed === 0
          ? `${tally.answered} of ${tally.sent}`
          : `${tally.failed} of ${tally.sent} failed; the first: ${tally.failure ?? ''}`,
    },
    {
      what: `every copy has the Host ${copyHost}`,
      held: tally.wrongHosts === 0 && tally.copies > 0,
      found:
        tally.wrongHosts === 0
          ? `${tally.copies} of ${tally.copies}`
          : `${tally.wrongHosts} of ${tally.copies} have another`,
    },
  ]
}
