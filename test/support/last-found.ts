import { setTimeout as pause } from 'node:timers/promises'
import { patience } from './within.ts'

/** Looking again and again without a pause would take the processor from what is looked at. */
const interval = 10

/** Looks until it finds what is wanted, until `patience` is over; gives what it found last. */
export async function lastFound<T>(isWanted: (found: T) => boolean, find: () => Promise<T> | T): Promise<T> {
  const last = performance.now() + patience
  for (;;) {
    const found = await find()
    if (isWanted(found) || performance.now() > last) return found
    await pause(interval)
  }
}
