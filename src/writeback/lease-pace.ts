/** The times for renewing a Lease, and for losing it. */
export interface LeasePace {
  /** Milliseconds after its last sign of life when others may take the Lease from its holder. */
  readonly duration: number
  /**
   * Milliseconds after the beginning of its last renewal when a holder stops to be one; less than `duration`.
   */
  readonly deadline: number
  /** Milliseconds between two looks, or two renewals. */
  readonly retry: number
}

/**
 * In the proportions of Kubernetes' own controllers: of 15 s a holder that cannot renew stops after 10, and
 * all look every 2.
 */
export function leasePaceOf(duration: number): LeasePace {
  return { duration, deadline: (duration * 2) / 3, retry: (duration * 2) / 15 }
}

export const defaultLeasePace = leasePaceOf(15_000)
